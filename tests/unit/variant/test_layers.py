"""Which parts a model file may name, beside the classes that ``test_model_file`` goes through."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_f07.errors import F07Error
from pytest_f07.variant.layers import check_ends, check_parts
from tests.unit.small_package import layer, network

FUNCTION = {"module": "builtins", "class_name": "function", "config": "relu"}


@pytest.mark.parametrize(
    "kind", ["Normalization", "Rescaling", "EinsumDense", "Conv2D", "ConvLSTM1D", "Discretization"]
)
def test_layers_that_carry_no_code_are_let_in(kind: str) -> None:
    assert kind in [part["class_name"] for part in check_parts(network(3, layer(kind)), "m")]


@pytest.mark.parametrize("kind", ["Lambda", "TextVectorization", "StringLookup", "TFSMLayer", "Hashing"])
def test_layers_that_run_code_or_read_files_are_not(kind: str) -> None:
    with pytest.raises(F07Error, match=f"the class '{kind}', which is not on the list of layers that are loaded"):
        list(check_parts(network(3, layer(kind)), "m"))


@pytest.mark.parametrize("value", ["relu", "hard_sigmoid", None, FUNCTION, layer("LeakyReLU")])
def test_activations_of_keras(value: object) -> None:
    assert list(check_parts(network(3, layer("Dense", activation=value)), "m"))


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("mine>own", "has the activation 'mine>own'"),
        ({"value": ["4wEA", None, None]}, "has the activation 'a function of its own'"),
        ([1], "has the activation 'a function of its own'"),
        ({**FUNCTION, "config": "mine>own"}, "names the function 'mine>own'"),
        ({"class_name": "__lambda__", "config": {}}, "names the class '__lambda__'"),
    ],
)
def test_functions_of_somebodys_own_are_refused(value: object, told: str) -> None:
    with pytest.raises(F07Error) as caught:
        list(check_parts(network(3, layer("GRU", activation=value)), "m"))
    assert told in str(caught.value)
    assert "carry no code" in str(caught.value)


def test_a_stateful_layer_is_refused() -> None:
    with pytest.raises(F07Error, match=r"m: its layer a \(GRU\) is stateful"):
        list(check_parts(network(3, layer("GRU", name="a", stateful=True)), "m"))


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"input_layers": [["a", 0, 0], ["b", 0, 0]]}, "m: has 2 inputs (a, b)"),
        ({"output_layers": {"x": ["a", 0, 0], "y": ["b", 0, 0]}}, "m: has 2 outputs (a, b)"),
        ({"input_layers": ["a", 0, 0], "output_layers": [["b", 0, 0]]}, None),
    ],
)
def test_a_model_takes_one_window_and_gives_one_score(config: dict[str, Any], told: str | None) -> None:
    document = {"class_name": "Functional", "config": config}
    if told is None:
        check_ends(document, "m")
        return
    with pytest.raises(F07Error) as caught:
        check_ends(document, "m")
    assert str(caught.value) == f"{told}; a model takes one window and gives one score."
