"""What an older Keras wrote, as the Keras that is here reads it; ``test_model_zoo`` asks Keras about the whole."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_f07.errors import F07Error
from pytest_f07.variant.translation import HARD_SIGMOID, translate
from tests.unit.small_package import layer, network

OLD_HARD_SIGMOID = {
    "module": "builtins",
    "class_name": "function",
    "config": HARD_SIGMOID,
    "registered_name": "function",
}


def translated(part: dict[str, Any], made_by: str = "2.15.0", here: str = "3.15.1") -> dict[str, Any]:
    """One layer of a model after translation."""
    found: dict[str, Any] = translate(network(6, part), made_by, here, "m")["config"]["layers"][1]
    return found


def test_keras_2_reads_its_own_files_as_they_are() -> None:
    document = network(6, layer("LSTM", time_major=False))
    assert translate(document, "2.15.0", "2.15.0", "m") == document


# What is in a layer of Keras 2, and the configuration that Keras 3 is given.
CASES: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
    "time_major": (layer("LSTM", units=3, time_major=False), "LSTM", {"units": 3}),
    "groups": (layer("Conv1DTranspose", groups=1), "Conv1DTranspose", {}),
    "a layer's own groups": (layer("Conv1D", groups=2), "Conv1D", {"groups": 2}),
    "shapes of attention": (layer("MultiHeadAttention", query_shape=[None, 3]), "MultiHeadAttention", {}),
    "trainable": (
        layer("SpatialDropout1D", rate=0.2, trainable=True, noise_shape=None),
        "SpatialDropout1D",
        {"rate": 0.2},
    ),
    "axis": (layer("BatchNormalization", axis=[1]), "BatchNormalization", {"axis": 1}),
    "axes": (layer("Softmax", axis=[1, 2]), "Softmax", {"axis": [1, 2]}),
    "threshold": (layer("ThresholdedReLU", theta=0.3), "ReLU", {"threshold": 0.3}),
    "policy": (
        layer("Dense", dtype={"class_name": "Policy", "config": {"name": "mixed_float16"}}),
        "Dense",
        {"dtype": "mixed_float16"},
    ),
    "hard_sigmoid": (layer("Dense", activation="hard_sigmoid"), "Dense", {"activation": OLD_HARD_SIGMOID}),
    "hard_sigmoid of gates": (
        layer("GRU", recurrent_activation="hard_sigmoid", activation="tanh"),
        "GRU",
        {"recurrent_activation": OLD_HARD_SIGMOID, "activation": "tanh"},
    ),
}


@pytest.mark.parametrize(("part", "kind", "config"), CASES.values(), ids=CASES)
def test_a_layer_of_keras_2(part: dict[str, Any], kind: str, config: dict[str, Any]) -> None:
    translation = translated(part)
    assert (translation["class_name"], translation["config"]) == (kind, {"name": None, **config})
    assert translation["module"] == "keras.layers"


def test_hard_sigmoid_of_keras_3_is_its_own() -> None:
    assert translated(layer("Dense", activation="hard_sigmoid"), "3.6.0")["config"] == {"activation": "hard_sigmoid"}


def test_an_initializer_by_its_older_name() -> None:
    part = layer("LSTM", recurrent_initializer={"class_name": "OrthogonalInitializer", "config": {}})
    assert translated(part, "3.3.3")["config"]["recurrent_initializer"]["class_name"] == "Orthogonal"


@pytest.mark.parametrize(
    ("part", "told"),
    [
        (layer("LSTM", name="x", time_major=True), "m: its layer x (LSTM) has time_major=True"),
        (layer("Conv1DTranspose", name="x", groups=2), "m: its layer x (Conv1DTranspose) has groups=2"),
    ],
)
def test_what_keras_3_cannot_do_is_refused_by_name(part: dict[str, Any], told: str) -> None:
    with pytest.raises(F07Error) as caught:
        translated(part)
    assert str(caught.value).startswith(told + ", which Keras 3 cannot do. ")
