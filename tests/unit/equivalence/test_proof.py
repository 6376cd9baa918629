"""The whole log against the oracle, through questions in blocks: every row of every dataset, whatever the budget."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pytest_f07.equivalence import questions as asking
from pytest_f07.equivalence.comparison import Equivalence
from pytest_f07.equivalence.index import build_index
from pytest_f07.equivalence.proof import Expectation, Proof, prove_log, prove_shards
from pytest_f07.equivalence.questions import Questions
from pytest_f07.log.reader import LogReader
from pytest_f07.log.writer import PredictionLog
from pytest_f07.replay.shards import Shard
from pytest_f07.variant.dataset import Dataset
from pytest_f07.windows import BatchResult, Float32Array, Int64Array, Predictions
from tests.unit.small_run import model

WINDOWS = {"v401": [[row % 50] for row in range(300)], "v402": [[row % 70, 1] for row in range(200)]}
MODELS = [model("a", "v401"), model("b", "v402")]


def scores_of(windows: list[list[int]]) -> Float32Array:
    sums = np.array([sum(window) for window in windows], np.float32)
    return np.stack([sums / 100, np.where(sums == 3, np.nan, 1 - sums / 100)], axis=1).astype(np.float32)


class PlainOracle:
    """An oracle without a process, and the sizes of what it was asked."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def ask(self, rows: dict[str, Int64Array]) -> Future[Float32Array]:
        assert all((np.diff(each) > 0).all() for each in rows.values())
        self.asked.append(sum(map(len, rows.values())))
        answer: Future[Float32Array] = Future()
        answer.set_result(scores_of([WINDOWS[dataset][row] for dataset, each in rows.items() for row in each.tolist()]))
        return answer


def prove(
    folder: Path, monkeypatch: pytest.MonkeyPatch, change: dict[tuple[str, int, int], float], most: int = 1000
) -> SimpleNamespace:
    """Log the oracle's scores but for ``change`` (dataset, row, model: score), and hold the log against the oracle."""
    monkeypatch.setattr(asking, "BLOCK_ROWS", 32)
    datasets = []
    with PredictionLog(folder / "raw.parquet", folder / "raw.csv", ("a", "b")) as log:
        for name, windows in WINDOWS.items():
            column = pa.array(windows, pa.list_(pa.int64()))
            pq.write_table(pa.table({"OW_events": column, "label": [0] * len(windows)}), folder / f"{name}.parquet")
            datasets.append(Dataset.open(name, folder / f"{name}.parquet", name))
            y_prob = scores_of(windows)
            for (source, row, column_number), score in change.items():
                if source == name:
                    y_prob[row, column_number] = score
            y_pred = (y_prob >= np.float32(0.5)).astype(np.int8)
            log.add(BatchResult(name, 0, column, Predictions(("a", "b"), y_pred, y_prob)))
    oracle: Any = PlainOracle()
    index = build_index(datasets, [[1]], most, 256)
    scores = Questions(oracle, index, datasets).scores(2)
    parquet, shards = folder / "raw.parquet", [Shard(dataset, 0, dataset.rows) for dataset in datasets]
    expectation = Expectation(index, scores, None, 50)
    proof = prove_log(parquet, shards, MODELS, expectation).results()
    apart = prove_in_shards(parquet, datasets, expectation)
    assert {name: counts(result) for name, result in apart.items()} == {
        name: counts(result) for name, result in proof.items()
    }
    alone = prove_log(parquet, shards, MODELS, Expectation(index, None, None, 50)).results()
    return SimpleNamespace(asked=oracle.asked, proof=proof, without_oracle=alone)


def counts(result: Equivalence) -> tuple[object, ...]:
    """Return all that is counted; what differing windows have in common is looked for in some of them only."""
    return (
        result.row(),
        result.repeats,
        result.differing,
        result.flipped,
        result.missing,
        result.without_number,
        result.noise,
        result.example,
    )


def prove_in_shards(parquet: Path, datasets: list[Dataset], expectation: Expectation) -> dict[str, Equivalence]:
    """Compare each shard apart, each with a reader of its own, and merge."""
    proof, windows = Proof.empty(MODELS, expectation), 0
    for dataset in datasets:
        for first_row in range(0, dataset.rows, 100):
            with LogReader(parquet, len(MODELS), first_window=windows) as log:
                proof.merge(prove_shards(log, [Shard(dataset, first_row, 100)], MODELS, expectation))
            windows += 100
    return proof.results()


def test_a_log_of_the_oracles_scores_is_proven_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = prove(tmp_path, monkeypatch, {})
    assert sum(found.asked) == 120  # 50 and 70 distinct windows
    assert max(found.asked) == 32
    for result in found.proof.values():
        assert (result.fault, result.repeats.fault, result.proven, result.windows) == (None, None, "100 %", 500)


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({("v402", 150, 0): 0.9}, {"a": 1, "b": 0}),  # not its own dataset
        ({("v402", 199, 1): float("nan")}, {"a": 0, "b": 1}),
        ({("v401", 3, 1): 0.25}, {"a": 0, "b": 1}),  # a number where there is none
        ({("v401", 1, 0): 0.02, ("v401", 2, 0): 0.01}, {"a": 2, "b": 0}),  # two rows swapped
    ],
)
def test_one_wrong_row_of_any_dataset_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[tuple[str, int, int], float], faults: dict[str, int]
) -> None:
    found = prove(tmp_path, monkeypatch, change)
    assert {name: result.differing for name, result in found.proof.items()} == faults
    for name, count in faults.items():
        without: Equivalence = found.without_oracle[name]
        assert (without.fault, without.proven) == (None, "not proven")
        # these windows repeat, so it is seen without the oracle too
        assert (without.repeats.fault is not None) == (count > 0)


def test_beyond_the_budget_the_share_says_what_is_proven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = prove(tmp_path, monkeypatch, {}, most=10)
    result = found.proof["a"]
    assert sum(found.asked) == result.asked < 120
    assert result.fault is None
    assert 0 < result.share < 1
    assert result.windows == round(result.share * 500)
