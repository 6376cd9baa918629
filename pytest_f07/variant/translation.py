"""What an older Keras wrote into a model file, as the Keras that is installed here reads it: one table.

Only where the meaning is exactly the same; everything else is refused by name. Each row says where the difference is
known from. ``tests/golden`` holds, for five versions of Keras, small models and the scores of their maker.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from pytest_f07.errors import F07Error
from pytest_f07.variant.layers import MODELS, RECURRENT, parts_of
from pytest_f07.variant.nodes import translate_nodes

# Keras 2's own function by this name is given to Keras as a custom object: Keras 3 computes relu6(x + 3) / 6.
HARD_SIGMOID = "keras_2_hard_sigmoid"
_ACTIVATIONS = ("activation", "recurrent_activation")

_SHAPES = ("query_shape", "key_shape", "value_shape")
_DROPOUTS = ("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "Discretization")
_GROUPLESS = (
    "SeparableConv1D SeparableConv2D DepthwiseConv1D DepthwiseConv2D Conv1DTranspose Conv2DTranspose Conv3DTranspose"
).split()
_SEPARABLE = tuple(f"kernel_{part}" for part in ("initializer", "regularizer", "constraint"))


@dataclass(frozen=True)
class Dropped:
    """Keys that Keras 3 does not know, in the configuration of some layers.

    :param layers: the classes.
    :param keys: the keys.
    :param values: those that change nothing; none: all of them.
    :param source: where the difference is told.
    """

    layers: tuple[str, ...]
    keys: tuple[str, ...]
    values: tuple[Any, ...]
    source: str


DROPPED = (
    Dropped(RECURRENT, ("time_major",), (False, None), "https://github.com/keras-team/keras/issues/20750"),
    Dropped(tuple(_GROUPLESS), ("groups",), (1,), "https://github.com/keras-team/keras/issues/19441"),
    Dropped(
        ("SeparableConv1D", "SeparableConv2D", "DepthwiseConv1D", "DepthwiseConv2D"),
        _SEPARABLE,
        (),
        "keras 2.15, layers/convolutional/base_separable_conv.py: written, never read: the kernels have two others",
    ),
    Dropped(("MultiHeadAttention",), _SHAPES, (), "keras 2.15, MultiHeadAttention.get_config; Keras 3 builds on call"),
    Dropped(_DROPOUTS, ("trainable",), (), "https://github.com/keras-team/keras/issues/19151"),
    Dropped(_DROPOUTS, ("noise_shape",), (), "keras 2.15, Dropout.get_config; no matter where nothing is trained"),
    Dropped(("Embedding",), ("input_length",), (), "https://keras.io/guides/migrating_to_keras_3/"),
)

# Classes by another name: since Keras 3.7, Orthogonal is what Keras 3.0 to 3.6 wrote as OrthogonalInitializer.
RENAMED = {"OrthogonalInitializer": "Orthogonal"}  # https://github.com/keras-team/keras/issues/19828


def translate(document: dict[str, Any], made_by: str, here: str, where: str) -> dict[str, Any]:
    """Return ``document``, a file's ``model_config``, as the Keras that is here reads it.

    :param made_by: the version of Keras that saved it.
    :param here: the version that is to load it.
    :raises F07Error: where that Keras can do nothing of the kind.
    """
    document = copy.deepcopy(document)
    if here.startswith("2"):
        return document
    _rename(document)
    if made_by.startswith("3"):
        _set_modules(document)
    else:
        _translate(document, masks(document), where)
        document.pop("module", None)
    return document


def _set_modules(part: Any) -> None:
    """Have Attention of Keras 3.0 to 3.6 read as Keras 3 reads its own (see below)."""
    for inner in parts_of(part):
        _set_modules(inner)
    if isinstance(part, dict) and part.get("class_name") == "Attention":
        part.setdefault("module", "keras.layers")
        part.setdefault("registered_name", None)


def _rename(part: Any) -> None:
    for inner in parts_of(part):
        _rename(inner)
    if isinstance(part, dict) and part.get("class_name") in RENAMED:
        part["class_name"] = RENAMED[part["class_name"]]


def masks(part: Any) -> bool:
    """Return whether some layer in ``part`` hides steps from those after it."""
    hides = isinstance(part, dict) and (part.get("class_name") == "Masking" or part.get("mask_zero") is True)
    return hides or any(map(masks, parts_of(part)))


def _translate(part: Any, masked: bool, where: str) -> None:
    """Rewrite, from the inside out, every layer below ``part``."""
    for inner in parts_of(part):
        _translate(inner, masked, where)
    if not isinstance(part, dict):
        return
    for key, value in part.items():
        if isinstance(value, dict) and value.get("class_name") == "Policy":
            part[key] = value["config"]["name"]
        elif key in _ACTIVATIONS and value == "hard_sigmoid":
            part[key] = {
                "module": "builtins",
                "class_name": "function",
                "config": HARD_SIGMOID,
                "registered_name": "function",
            }
    if isinstance(part.get("class_name"), str) and isinstance(part.get("config"), dict):
        _translate_layer(part, masked, where)


def _translate_layer(layer: dict[str, Any], masked: bool, where: str) -> None:
    kind, config = layer["class_name"], layer["config"]
    for row in DROPPED:
        if kind in row.layers:
            for key in row.keys:
                _drop(config, key, row, f"{where}: its layer {config.get('name', kind)} ({kind})")
    if kind == "InputLayer":
        config["batch_shape"] = config.pop("batch_input_shape", config.get("batch_shape"))
        config.pop("ragged", None)  # False; a ragged input is refused where the file is looked into
    else:
        config.pop("batch_input_shape", None)  # an InputLayer says it
    axis = config.get("axis")
    if kind == "BatchNormalization" and isinstance(axis, list) and len(axis) == 1:
        config["axis"] = axis[0]
    if kind == "ThresholdedReLU":  # https://keras.io/guides/migrating_to_keras_3/: x where x > theta, else 0
        layer["class_name"], config["threshold"] = "ReLU", config.pop("theta")
    if kind in MODELS:
        translate_nodes(layer, masked, where)
    # With a module, Keras 3 reads a layer as it reads its own: the reader of older ones loses lists of axes, and takes
    # score_mode="dot" for a function.
    if "module" not in layer:
        inside = "keras" if kind in MODELS else "keras.layers"
        layer.update(module=inside, registered_name=None)
        layer["class_name"] = "Model" if kind == "Functional" else layer["class_name"]


def _drop(config: dict[str, Any], key: str, row: Dropped, layer: str) -> None:
    if key in config:
        value = config.pop(key)
        if row.values and value not in row.values:
            raise F07Error(
                f"{layer} has {key}={value!r}, which Keras 3 cannot do. Validate it where Keras 2 is installed "
                "(tensorflow 2.15), or train it without."
            )
