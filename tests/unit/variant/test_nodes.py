"""How layers are joined, from Keras 2's words to Keras 3's."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_f07.errors import F07Error
from pytest_f07.variant.nodes import translate_nodes


def model(*layers: dict[str, Any]) -> dict[str, Any]:
    last = layers[-1]["name"]
    return {
        "class_name": "Functional",
        "config": {"layers": list(layers), "input_layers": [["in", 0, 0]], "output_layers": [[last, 0, 0]]},
    }


def called(name: str, kind: str, *inputs: list[Any]) -> dict[str, Any]:
    nodes = [list(inputs)] if inputs else []
    return {"name": name, "class_name": kind, "config": {"name": name}, "inbound_nodes": nodes}


def history(found: dict[str, Any]) -> list[Any]:
    history: list[Any] = found["config"]["keras_history"]
    return history


def last_call(*layers: dict[str, Any], masked: bool = False) -> dict[str, Any]:
    """The arguments of the last layer's call after translation."""
    whole = model(*layers)
    translate_nodes(whole, masked, "m")
    node: dict[str, Any] = whole["config"]["layers"][-1]["inbound_nodes"][0]
    return node


START = called("in", "InputLayer")


def test_one_input_is_an_argument_and_several_are_a_list() -> None:
    assert history(last_call(START, called("a", "Dense", ["in", 0, 0, {}]))["args"][0]) == ["in", 0, 0]
    both = last_call(START, called("a", "Add", ["in", 0, 0, {}], ["in", 0, 0, {}]))["args"]
    assert [history(each) for each in both[0]] == [["in", 0, 0], ["in", 0, 0]]


def test_a_tensor_among_the_other_arguments() -> None:
    node = last_call(START, called("a", "MultiHeadAttention", ["in", 0, 0, {"value": ["in", 0, 0], "training": None}]))
    assert history(node["kwargs"]["value"]) == ["in", 0, 0]
    assert node["kwargs"]["training"] is None


def test_states_of_a_recurrent_layer() -> None:
    layers = (START, called("a", "LSTM", ["in", 0, 0, {}], ["in", 0, 1, {}], ["in", 0, 2, {}]))
    node = last_call(*layers)
    assert [history(each) for each in node["args"]] == [["in", 0, 0]]
    assert [history(each) for each in node["kwargs"]["initial_state"]] == [["in", 0, 1], ["in", 0, 2]]


def test_states_under_a_mask_are_refused() -> None:
    with pytest.raises(F07Error, match="m: its layer a is given states, and steps are masked"):
        last_call(START, called("a", "LSTM", ["in", 0, 0, {}], ["in", 0, 1, {}]), masked=True)


def test_calls_of_a_model_inside_are_counted_from_zero() -> None:
    inner = {**called("block", "Sequential", ["in", 0, 0, {}])}
    assert history(last_call(START, inner, called("a", "Dense", ["block", 1, 0, {}]))["args"][0]) == ["block", 0, 0]


def test_a_name_that_keras_3_does_not_allow() -> None:
    slashed, other = called("a/b", "Dense", ["in", 0, 0, {}]), called("a_b", "Dense", ["in", 0, 0, {}])
    whole = model(START, other, slashed)
    translate_nodes(whole, False, "m")
    assert [layer["name"] for layer in whole["config"]["layers"]] == ["in", "a_b", "a_b_"]
    assert whole["config"]["output_layers"] == [["a_b_", 0, 0]]


def test_a_call_without_tensors_is_refused() -> None:
    with pytest.raises(F07Error, match="m: its layer a is called in a way that Keras 3 cannot read"):
        last_call(START, called("a", "Dense", ["in"]))
