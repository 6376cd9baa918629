"""Test the queries to the oracle while batches come."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pyarrow as pa

from pytest_f07.equivalence.process import Oracle
from pytest_f07.equivalence.queries import OracleQueries
from pytest_f07.variant.dataset import Dataset
from pytest_f07.windows import BatchResult, Float32Array, Predictions
from tests.unit.small_run import model


class RecordingOracle(Oracle):
    """An oracle without a process that records its queries."""

    def __init__(self) -> None:
        self.queries: list[tuple[str, int]] = []

    def ask(self, prediction_name: str, rows: object) -> Future[Float32Array]:
        assert isinstance(rows, list)
        self.queries.append((prediction_name, len(rows)))
        return Future()


def batch(dataset: str, first_row: int, rows: int) -> BatchResult:
    scores = np.full((rows, 2), 0.25, np.float32)
    windows = pa.array([[1]] * rows, pa.list_(pa.int64()))
    return BatchResult(dataset, first_row, windows, Predictions(("a", "b"), np.zeros((rows, 2), np.int8), scores))


def test_a_model_is_asked_about_when_its_own_dataset_is_done() -> None:
    oracle = RecordingOracle()
    datasets = [Dataset(name, Path("not read"), name, rows) for name, rows in (("v401", 5), ("v402", 3))]
    queries = OracleQueries(oracle, [model("a", "v402"), model("b", "v401")], datasets, {"v401": [0]})
    queries.add(batch("v401", 0, 3))
    assert oracle.queries == []
    queries.add(batch("v401", 3, 2))
    assert oracle.queries == [("b", 5)]
    queries.add(batch("v402", 0, 3))
    assert oracle.queries == [("b", 5), ("a", 3)]
    scores, _ = queries.answers["a"]
    assert scores.rows.tolist() == [0, 1, 2]
