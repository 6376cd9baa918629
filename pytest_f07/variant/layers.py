"""Which parts of Keras a model file may name: those that carry no code, read no file, and answer alike every time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pytest_f07.errors import F07Error

MODELS = ("Sequential", "Functional", "Model")
RECURRENT = ("LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
LAYERS = frozenset(
    "Sequential Functional Model InputLayer Dense EinsumDense Dropout Activation Embedding Masking Flatten Reshape "
    "Permute RepeatVector Identity Rescaling Normalization Discretization CategoryEncoding Conv1D Conv2D Conv3D "
    "SeparableConv1D SeparableConv2D DepthwiseConv1D DepthwiseConv2D Conv1DTranspose Conv2DTranspose Conv3DTranspose "
    "MaxPooling1D MaxPooling2D MaxPooling3D AveragePooling1D AveragePooling2D AveragePooling3D GlobalMaxPooling1D "
    "GlobalMaxPooling2D GlobalMaxPooling3D GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D "
    "UpSampling1D UpSampling2D UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D Cropping1D Cropping2D Cropping3D "
    "SpatialDropout1D SpatialDropout2D SpatialDropout3D GaussianNoise GaussianDropout AlphaDropout "
    "ActivityRegularization BatchNormalization LayerNormalization UnitNormalization GroupNormalization "
    "RMSNormalization LSTM GRU SimpleRNN LSTMCell GRUCell SimpleRNNCell RNN StackedRNNCells ConvLSTM1D ConvLSTM2D "
    "ConvLSTM3D Bidirectional TimeDistributed Attention AdditiveAttention MultiHeadAttention Concatenate Add Subtract "
    "Multiply Average Maximum Minimum Dot ReLU LeakyReLU PReLU ELU ThresholdedReLU Softmax".split()
)
PARTS = frozenset(
    "Zeros Ones Constant Identity Orthogonal OrthogonalInitializer RandomNormal RandomUniform TruncatedNormal "
    "VarianceScaling GlorotNormal GlorotUniform HeNormal HeUniform LecunNormal LecunUniform L1 L2 L1L2 "
    "OrthogonalRegularizer MaxNorm MinMaxNorm NonNeg UnitNorm Policy DTypePolicy __keras_tensor__ function".split()
)
ACTIVATIONS = frozenset(
    "celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu linear "
    "log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign sparse_plus "
    "sparse_sigmoid sparsemax squareplus swish tanh tanh_shrink".split()
)
_OWN = "a package's models are built of Keras's own layers and functions, and carry no code"


def parts_of(part: Any) -> Iterator[Any]:
    """Yield the values of a mapping, or the entries of a list; nothing of anything else."""
    if isinstance(part, dict):
        yield from part.values()
    elif isinstance(part, list):
        yield from part


def check_parts(document: Any, where: str) -> Iterator[dict[str, Any]]:
    """Yield every layer of the configuration, once it is known to be one of those that are loaded.

    :raises F07Error: that names what is not.
    """
    parts = [document]
    while parts:
        part = parts.pop()
        if isinstance(part, list):
            parts.extend(reversed(part))
        if not isinstance(part, dict):
            continue
        if "class_name" in part:
            _check_class(part, where)
            if part["class_name"] in LAYERS and isinstance(part.get("config"), dict):
                _check_layer(part, where)
                yield part
        parts.extend(reversed(part.values()))


def check_ends(document: dict[str, Any], where: str) -> None:
    """Refuse a model that takes more than one input or gives more than one output."""
    for key, kind in (("input_layers", "inputs"), ("output_layers", "outputs")):
        names = list(_leaves(document["config"].get(key)))
        if len(names) > 1:
            raise F07Error(
                f"{where}: has {len(names)} {kind} ({', '.join(names)}); a model takes one window and gives one score."
            )


def _check_class(part: dict[str, Any], where: str) -> None:
    name, module = part["class_name"], part.get("module")
    if not isinstance(name, str) or name not in LAYERS | PARTS:
        raise F07Error(
            f"{where}: its configuration names the class {name!r}, which is not on the list of layers that are loaded: "
            f"{_OWN}."
        )
    if not (module is None or module == "builtins" or str(module).split(".")[0] in ("keras", "tf_keras")):
        raise F07Error(f"{where}: its configuration names the module {module!r}; only Keras's own is loaded.")
    if name == "function" and part.get("config") not in ACTIVATIONS:
        raise F07Error(f"{where}: its configuration names the function {part.get('config')!r}: {_OWN}.")


def _check_layer(layer: dict[str, Any], where: str) -> None:
    config = layer["config"]
    for key in ("activation", "recurrent_activation"):
        value = config.get(key)
        known = value in ACTIVATIONS if isinstance(value, str) else value is None or isinstance(value, dict)
        if not known or (isinstance(value, dict) and "class_name" not in value):
            shown = value if isinstance(value, str) else "a function of its own"
            raise F07Error(f"{where}: its layer {config.get('name')} has the {key} {shown!r}: {_OWN}.")
    if config.get("stateful") is True:
        raise F07Error(
            f"{where}: its layer {config.get('name')} ({layer['class_name']}) is stateful: its scores depend on what "
            "was asked before. Build the model with stateful=False and load the weights into it."
        )


def _leaves(part: Any) -> Iterator[str]:
    if isinstance(part, list) and len(part) == 3 and isinstance(part[0], str):
        yield part[0]
    else:
        for inner in parts_of(part):
            yield from _leaves(inner)
