"""Test what a run asks of the oracle: every distinct window, or nothing where params.yaml says so."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pytest_f07.equivalence import prover as module
from pytest_f07.equivalence.child import OracleProcess
from pytest_f07.equivalence.process import OracleModel
from pytest_f07.equivalence.prover import Prover
from pytest_f07.errors import BrokenRun
from pytest_f07.log.writer import PredictionLog
from pytest_f07.replay.shards import Shard
from pytest_f07.variant.dataset import Dataset
from pytest_f07.variant.equivalence import EquivalenceParams
from pytest_f07.variant.params import Params
from pytest_f07.windows import BatchResult, Float32Array, Int64Array, Predictions
from tests.unit.small_run import model

WINDOWS = pa.array([[1], [2], [1], [], [2]], pa.list_(pa.int64()))
SCORES = np.array([[0.25], [0.75], [0.25], [0.5], [0.75]], np.float32)
PROCESS = OracleProcess(Path("manifest.json"))  # not started
READ = {"a": OracleModel(0.5, 1, "e" * 64)}


class FakeOracle:
    """An oracle without a process, that counts those that are open."""

    open = 0
    rows: ClassVar[list[int]] = []

    def __init__(self, process: OracleProcess, names: list[str]) -> None:
        assert (process, names) == (PROCESS, ["a"])
        self.models: Future[dict[str, OracleModel]] = Future()
        self.models.set_result(READ)

    def __enter__(self) -> FakeOracle:
        FakeOracle.open += 1
        return self

    def __exit__(self, *_: object) -> None:
        FakeOracle.open -= 1

    def ask(self, rows: dict[str, Int64Array]) -> Future[Float32Array]:
        [of_dataset] = rows.values()
        FakeOracle.rows = of_dataset.tolist()
        answer: Future[Float32Array] = Future()
        answer.set_result(SCORES[of_dataset])
        return answer


@pytest.fixture
def dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """Return a dataset whose predictions are logged beside it."""
    monkeypatch.setattr(module, "Oracle", FakeOracle)
    monkeypatch.setattr(FakeOracle, "rows", [])
    pq.write_table(pa.table({"OW_events": WINDOWS, "label": [0] * 5}), tmp_path / "v401.parquet")
    with PredictionLog(tmp_path / "raw.parquet", tmp_path / "raw.csv", ("a",)) as log:
        log.add(BatchResult("v401", 0, WINDOWS, Predictions(("a",), (SCORES >= 0.5).astype(np.int8), SCORES)))
    return Dataset.open("v401", tmp_path / "v401.parquet", "v401")


@pytest.mark.parametrize(
    ("mode", "rows", "proven", "models"), [("full", [0, 1, 3], "100 %", READ), ("off", [], "not proven", None)]
)
def test_each_distinct_window_is_asked_once_unless_the_oracle_is_off(
    dataset: Dataset, mode: str, rows: list[int], proven: str, models: object
) -> None:
    params = Params("v601", equivalence=EquivalenceParams(mode))
    with Prover(PROCESS, params, [model("a", "v401")], [dataset]) as prover:
        assert FakeOracle.open == (mode == "full")
        answers = prover.wait()
        assert not prover.is_waited_for
        result = prover.compare(dataset.path.with_name("raw.parquet"), [Shard(dataset, 0, 5)], answers)["a"]
    assert FakeOracle.open == 0
    assert (FakeOracle.rows, answers and answers.models) == (rows, models)
    assert (result.proven, result.fault, result.repeats.windows) == (proven, None, 2)


@pytest.mark.parametrize(("budget", "left"), [(2_000_000, 1_999_997), (4, 1), (3, 0), (1, 0)])
def test_the_budget_is_what_the_distinct_windows_leave(dataset: Dataset, budget: int, left: int) -> None:
    params = Params("v601", equivalence=EquivalenceParams("full", budget))
    with Prover(PROCESS, params, [model("a", "v401")], [dataset]) as prover:
        assert prover.budget_left() == left


def test_without_an_oracle_there_is_no_budget_and_no_answer(dataset: Dataset) -> None:
    params = Params("v601", equivalence=EquivalenceParams("off"))
    with Prover(PROCESS, params, [model("a", "v401")], [dataset]) as prover:
        assert prover.budget_left() == 0
        with pytest.raises(BrokenRun, match="equivalence is off"):
            prover.ask_windows([(1,)])


def test_windows_of_the_datasets_are_looked_up_among_the_answers(dataset: Dataset) -> None:
    with Prover(PROCESS, Params("v601"), [model("a", "v401")], [dataset]) as prover:
        answers = prover.wait()
        assert answers is not None
        scores = prover.look_up(pa.array([[2], [9], []], WINDOWS.type), answers)
    np.testing.assert_array_equal(scores[:, 0], np.array([0.75, np.nan, 0.5], np.float32))


def test_a_run_that_breaks_before_its_server_answers_leaves_no_oracle(dataset: Dataset) -> None:
    with (
        pytest.raises(OSError, match="no server"),
        Prover(PROCESS, Params("v601"), [model("a", "v401")], [dataset]),
    ):
        raise OSError("no server")
    assert FakeOracle.open == 0
