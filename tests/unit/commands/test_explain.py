"""explain7 on the demo package, with TensorFlow, and the mistakes that are refused before it starts."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import REPOSITORY
from pytest_f07.commands.explain import explain
from pytest_f07.errors import F07Error
from pytest_f07.variant.paths import Project

PROJECT = Project(REPOSITORY)


def call(**arguments: Any) -> list[str]:
    """Explain a row of feeder_overload, with some arguments replaced."""
    options = {"variant": "v701", "name": "feeder_overload", "dataset": None, "row": 7, "window": None, **arguments}
    return list(explain(PROJECT, **options))


def test_a_row_of_a_models_own_dataset() -> None:
    lines = call()
    assert lines[0].startswith("feeder_overload (dense_bow, threshold ")
    assert lines[0].endswith(", v401 row 7")
    assert lines[1].startswith("window: ")
    assert any(line.startswith("They agree within 1e-05 in every layer.") for line in lines)
    assert any(line.split() == ["CODE", "SCORE", "CHANGE"] for line in lines)


def test_a_pooling_over_nothing_is_seen_where_it_happens() -> None:
    lines = call(name="inverter_trip", row=None, window="[9999]")
    assert lines[1] == "window: 1 code, 1 of them unknown, in brackets: (9999)"
    [pooling] = [line for line in lines if "GlobalAveragePooling1D" in line and line.startswith("  ")]
    assert pooling.split()[-2:] != ["–", "–"]


REFUSED = {
    "another model": ({"name": "x"}, "MODEL=x: v701 has no such model; its models are feeder_overload, "),
    "no row": ({"row": None}, "ROW=5120, or WINDOW='[1, 5, 2]': give one of them."),
    "row and window": ({"window": "[1]"}, "ROW=5120, or WINDOW='[1, 5, 2]': give one of them."),
    "another dataset": ({"dataset": "v499"}, "DATASET=v499: v701 has no such dataset; it has "),
    "a row beyond the last": ({"row": 10**6}, "ROW=1000000: v401 has the rows 0 to "),
    "a row that is no number": ({"row": "first"}, "ROW=first: v401 has the rows 0 to "),
    "a window that is none": (
        {"row": None, "window": "1, 5"},
        "WINDOW=1, 5: it must be a list of integers, like [1, 5",
    ),
    "codes that are none": (
        {"row": None, "window": "[1.5, true]"},
        "WINDOW=[1.5, true]: it must be a list of integers",
    ),
    "a code that is too large": ({"row": None, "window": f"[{2**63}]"}, f"WINDOW=[{2**63}]: it must be a list of"),
    "no variant": ({"variant": "701"}, "VARIANT is '701'; it must be 'v' and at least three digits, like v701."),
}


@pytest.mark.parametrize(("arguments", "message"), REFUSED.values(), ids=REFUSED)
def test_a_mistake_is_one_line(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(F07Error) as caught:
        call(**arguments)
    assert str(caught.value).startswith(message), str(caught.value)
