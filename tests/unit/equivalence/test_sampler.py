"""Test the choice of windows for the oracle, which does not depend on the batches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from pytest_f07.equivalence.sampler import (
    FIRST_ROWS,
    LONGEST_ROWS,
    NEAREST_ROWS,
    SAMPLE_ROWS,
    UNKNOWN_ROWS,
    RowScores,
    WindowSampler,
)
from pytest_f07.variant.package import Model
from pytest_f07.vectorize import Vectorization
from pytest_f07.windows import Int64Array

MODEL = Model("m", "v501", "v401", Path("m"), 0.7, Vectorization("dense_bow", tuple(range(20)), 20), "2", {})
ROWS = 20_000


class Data:
    """Random windows and scores of a dataset."""

    def __init__(self) -> None:
        random = np.random.default_rng(7)
        self.lengths = random.integers(0, 40, ROWS)
        self.windows = [random.integers(0, 20, length).tolist() for length in self.lengths]
        self.unknown = np.sort(random.choice(ROWS, 300, replace=False))
        for row in self.unknown:
            self.windows[row] = [*self.windows[row], 99]
            self.lengths[row] += 1
        self.y_prob = random.random(ROWS, np.float32)
        self.y_prob[random.choice(ROWS, 500, replace=False)] = np.nan
        self.y_prob[:10], self.y_prob[[11, 19_990]] = np.nan, 0.5

    def choose(self, batch: int) -> RowScores:
        """Return the rows that are chosen where batches have this size."""
        sampler = WindowSampler(MODEL, ROWS, [11, 19_990])
        array = pa.array(self.windows, pa.list_(pa.int32()))
        for first in range(0, ROWS, batch):
            rows = np.arange(first, min(first + batch, ROWS))
            y_prob = self.y_prob[rows]
            sampler.add(array.slice(first, batch), RowScores(rows, (y_prob >= np.float32(0.7)).astype(np.int8), y_prob))
        return sampler.sample()


@pytest.fixture(scope="module")
def data() -> Data:
    return Data()


def test_the_first_the_longest_the_strange_and_the_nearest_are_chosen_and_the_rest_is_spread(data: Data) -> None:
    chosen = data.choose(1000)
    rows = chosen.rows
    assert len(rows) == SAMPLE_ROWS
    assert (np.diff(rows) > 0).all()
    assert (chosen.y_prob == data.y_prob[rows]).all()  # and so none is NaN
    numbers = np.nonzero(np.isfinite(data.y_prob))[0]
    distance = np.abs(data.y_prob[numbers] - np.float32(0.7))
    expected: list[Int64Array | list[int]] = [
        numbers[:FIRST_ROWS],
        numbers[np.argsort(-data.lengths[numbers], kind="stable")[:LONGEST_ROWS]],
        numbers[np.argsort(distance, kind="stable")[:NEAREST_ROWS]],
        np.intersect1d(data.unknown, numbers)[:UNKNOWN_ROWS],
        [11, 19_990],
    ]
    for group in expected:
        assert np.isin(group, rows).all()
    assert np.diff(rows).max() < ROWS / 100, "no stretch of the dataset is without a window"


@pytest.mark.parametrize("batch", [7, 256, ROWS])
def test_it_does_not_depend_on_the_batches(data: Data, batch: int) -> None:
    assert data.choose(batch).rows.tolist() == data.choose(1000).rows.tolist()


@pytest.mark.parametrize("rows", [0, 1, 3, 700, SAMPLE_ROWS])
def test_a_small_dataset_is_chosen_whole(rows: int) -> None:
    sampler = WindowSampler(MODEL, rows, [])
    scored = RowScores(np.arange(rows), np.zeros(rows, np.int8), np.zeros(rows, np.float32))
    sampler.add(pa.array([[1]] * rows, pa.list_(pa.int64())), scored)
    assert sampler.sample().rows.tolist() == list(range(rows))


def test_where_no_score_is_a_number_none_is_chosen() -> None:
    sampler = WindowSampler(MODEL, 5, [2])
    sampler.add(
        pa.array([[1]] * 5, pa.list_(pa.int64())),
        RowScores(np.arange(5), np.zeros(5, np.int8), np.full(5, np.nan, np.float32)),
    )
    assert len(sampler.sample().rows) == 0
