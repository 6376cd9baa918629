"""Test the check of ``/infer``: its sample, and the differences from ``/infer_batch``."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_f07.equivalence.infer import InferCheck, infer_rows
from pytest_f07.variant.dataset import Dataset
from pytest_f07.windows import BatchResult, Predictions
from tests.unit.small_run import model

quick = settings(derandomize=True, deadline=None, max_examples=100)


def dataset(source_f04: str, rows: int) -> Dataset:
    """Return a dataset that is not read."""
    return Dataset(source_f04, Path("not read"), "nowhere", rows)


class FixedAnswers:
    """A client to which ``/infer`` always gives the same answer, and the windows that were sent."""

    def __init__(self, *answers: dict[str, Any]) -> None:
        self.answers = list(answers)
        self.windows: list[list[int]] = []

    def infer(self, window: list[int]) -> list[dict[str, Any]]:
        self.windows.append(window)
        return self.answers


def batch(first: int, windows: list[list[int]], y_prob: float, y_pred: int) -> BatchResult:
    rows = len(windows)
    predictions = Predictions(("a",), np.full((rows, 1), y_pred, np.int8), np.full((rows, 1), y_prob, np.float32))
    return BatchResult("v401", first, pa.array(windows, pa.list_(pa.int64())), predictions)


def fault(y_pred: object, y_prob: object, *, batch_pred: int, batch_prob: float, threshold: float = 0.5) -> str | None:
    """Return the fault of model ``a`` where the batch gave one answer and ``/infer`` another."""
    check = InferCheck([model("a", "v401", threshold)], {"v401": [0]})
    check.add(batch(0, [[1, 2]], batch_prob, batch_pred))
    check.ask(FixedAnswers({"prediction_name": "a", "y_pred": y_pred, "y_prob": y_prob}))
    return check.fault("a")


@quick
@given(st.lists(st.integers(0, 300) | st.integers(1, 10**9), min_size=1, max_size=100))
def test_a_sample_is_spread_over_each_dataset_from_first_to_last(rows: list[int]) -> None:
    samples = infer_rows([dataset(f"v{number}", each) for number, each in enumerate(rows)])
    filled = {f"v{number}": each for number, each in enumerate(rows) if each}
    assert list(samples) == list(filled)
    for source, sample in samples.items():
        assert (sample[0], sample[-1]) == (0, filled[source] - 1)
        assert sample == sorted(set(sample))
        gaps = np.diff(sample)
        assert len(gaps) == 0 or gaps.max() - gaps.min() <= 1


@pytest.mark.parametrize(
    ("rows", "asked"),
    [
        pytest.param([1000], [64], id="one-dataset"),
        pytest.param([10], [10], id="fewer-rows"),
        pytest.param([1000, 0, 1000, 1000], [21, 21, 21], id="an-empty-dataset-counts-for-nothing"),
        pytest.param([1000] * 4, [16] * 4, id="four"),
        pytest.param([1000] * 32, [2] * 32, id="as-many-as-leave-two-of-each"),
        pytest.param([1000] * 40 + [1], [2] * 40 + [1], id="more"),
    ],
)
def test_the_rows_asked_about_are_64_in_all_where_that_leaves_two_of_each(rows: list[int], asked: list[int]) -> None:
    samples = infer_rows([dataset(f"v{number}", each) for number, each in enumerate(rows)])
    assert list(map(len, samples.values())) == asked


@quick
@given(st.integers(1, 40), st.integers(1, 12))
def test_each_sampled_row_is_asked_once_however_the_batches_are_cut(rows: int, size: int) -> None:
    windows = [[row, -row] for row in range(rows)]
    chosen = infer_rows([dataset("v401", rows)])["v401"]
    check, client = (
        InferCheck([model("a", "v401", 0.5)], {"v401": chosen}),
        FixedAnswers({"prediction_name": "a", "y_pred": 1, "y_prob": 0.75}),
    )
    for first in range(0, rows, size):
        check.add(batch(first, windows[first : first + size], 0.75, 1))
    check.ask(client)
    assert client.windows == [windows[row] for row in chosen]
    assert check.windows == len(chosen)
    assert check.fault("a") is None


SAME = {
    "the same": {"y_pred": 1, "y_prob": 0.75, "batch_pred": 1, "batch_prob": 0.75},
    "a last bit": {"y_pred": 1, "y_prob": 0.7500002, "batch_pred": 1, "batch_prob": 0.75},
    "a tie may fall either way": {"y_pred": 0, "y_prob": 0.4999999, "batch_pred": 1, "batch_prob": 0.5},
    "no number in either": {"y_pred": 0, "y_prob": None, "batch_pred": 0, "batch_prob": math.nan},
    "whole numbers are scores": {"y_pred": 1, "y_prob": 1, "batch_pred": 1, "batch_prob": 1.0},
}


@pytest.mark.parametrize("answers", SAME.values(), ids=SAME)
def test_both_routes_say_the_same(answers: dict[str, Any]) -> None:
    assert fault(**answers) is None


DIFFERENT = {
    "y_prob 0.75 in the batch, 0.7501 alone": {"y_pred": 1, "y_prob": 0.7501, "batch_pred": 1, "batch_prob": 0.75},
    "y_prob 0.75 in the batch, nan alone": {"y_pred": 1, "y_prob": None, "batch_pred": 1, "batch_prob": 0.75},
    "y_prob nan in the batch, 0.0 alone": {"y_pred": 0, "y_prob": 0.0, "batch_pred": 0, "batch_prob": math.nan},
    "y_prob 0.75 in the batch, inf alone": {"y_pred": 1, "y_prob": math.inf, "batch_pred": 1, "batch_prob": 0.75},
    "y_pred 1 in the batch, 0 alone": {"y_pred": 0, "y_prob": 0.75, "batch_pred": 1, "batch_prob": 0.75},
    "y_pred 1 in the batch, None alone": {"y_pred": None, "y_prob": 0.75, "batch_pred": 1, "batch_prob": 0.75},
    # Not a number is near no threshold: there is no tie that could excuse it.
    "y_pred 0 in the batch, 1 alone": {"y_pred": 1, "y_prob": None, "batch_pred": 0, "batch_prob": math.nan},
    '/infer gives {"prediction_name": "a", "y_pred": 1, "y_prob": "0.75"}': {
        "y_pred": 1,
        "y_prob": "0.75",
        "batch_pred": 1,
        "batch_prob": 0.75,
    },
}


@pytest.mark.parametrize(("what", "answers"), DIFFERENT.items(), ids=DIFFERENT)
def test_what_differs_is_told_with_its_place(what: str, answers: dict[str, Any]) -> None:
    assert fault(**answers) == f"1 of 1 window differs; v401 row 0: {what}"


def test_a_fault_counts_the_windows_and_shows_the_first() -> None:
    check = InferCheck([model("a", "v401", 0.5)], {"v401": [5000, 5001, 5002]})
    check.add(batch(5000, [[1], [2]], 0.75, 1))
    check.add(batch(5002, [[3]], 0.25, 0))
    check.ask(FixedAnswers({"prediction_name": "a", "y_pred": 0, "y_prob": 0.25}))
    assert check.fault("a") == "2 of 3 windows differ; v401 row 5,000: y_prob 0.75 in the batch, 0.25 alone"
