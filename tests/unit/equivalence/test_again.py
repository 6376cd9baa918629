"""Test that a model which answers the same rows differently when asked again is named, with the first row."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from pytest_f07.equivalence.again import AgainCheck
from pytest_f07.errors import BrokenRun
from pytest_f07.windows import BatchResult, Predictions
from tests.unit.small_run import model

MODELS = (model("a", "v401"), model("b", "v401"))
WINDOWS = pa.array([[1], [2]], pa.list_(pa.int64()))


def predictions(*scores: float, has_scores: bool = True) -> Predictions:
    """Return the same scores of both rows; labels at 0.5."""
    y_prob = np.array([scores, scores], np.float32)
    return Predictions(("a", "b"), (y_prob >= 0.5).astype(np.int8), y_prob, has_scores)


def ask(before: Predictions, again: Predictions, tolerance: float | None = None) -> AgainCheck:
    check = AgainCheck(MODELS, tolerance)
    check.add(BatchResult("v401", 0, WINDOWS, before))
    check.add(BatchResult("v401", 2, WINDOWS, predictions(9, 9)))
    client: Any = SimpleNamespace(send_batch=lambda windows: windows, receive_batch=lambda windows: again)
    check.ask(client)
    return check


def test_the_same_answers_are_no_fault() -> None:
    check = ask(predictions(0.25, np.nan), predictions(0.250001, np.nan))
    assert (check.fault("a"), check.fault("b")) == (None, None)


def test_another_score_is_told_with_its_row() -> None:
    check = ask(predictions(0.25, 0.75), predictions(0.25, 0.5))
    assert check.fault("a") is None
    assert check.fault("b") == (
        "2 of 2 rows have another answer when asked again; the first: v401 row 0: 0.75, and 0.5 again"
    )


def test_a_number_in_place_of_none_is_another_answer() -> None:
    assert ask(predictions(np.nan, 0.5), predictions(0.5, 0.5)).fault("a")


def test_the_tolerance_of_params_yaml_counts() -> None:
    assert ask(predictions(0.25, 0.75), predictions(0.25, 0.751), tolerance=0.01).fault("b") is None


def test_labels_alone_are_compared() -> None:
    before, again = predictions(0.25, 0.75, has_scores=False), predictions(0.25, 0.25, has_scores=False)
    check = ask(before, again)
    assert check.fault("a") is None
    assert check.fault("b") == "2 of 2 rows have another answer when asked again; the first: v401 row 0: 1, and 0 again"


def test_a_refusal_says_what_was_asked() -> None:
    def refuse(windows: pa.Array) -> Predictions:
        raise BrokenRun("the server refused")

    check = AgainCheck(MODELS)
    check.add(BatchResult("v401", 0, WINDOWS, predictions(0.5, 0.5)))
    client: Any = SimpleNamespace(send_batch=lambda windows: windows, receive_batch=refuse)
    with pytest.raises(BrokenRun, match="the server refused, asked again about the first rows of v401"):
        check.ask(client)
