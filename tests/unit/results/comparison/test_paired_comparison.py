"""A comparison with all that is said of each model: changes, what changed about it, outcomes, labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pytest_f07.results.audit import ModelAudit
from pytest_f07.results.comparison.baseline import BaselineRun
from pytest_f07.results.comparison.compare import Comparison
from pytest_f07.results.comparison.paired_comparison import ComparedRun, try_compare
from pytest_f07.results.metrics import Metrics
from pytest_f07.results.verdict import Failure, Verdict
from pytest_f07.variant.dataset import Dataset
from pytest_f07.variant.paths import Project
from tests.unit.results.small_baseline import write_baseline, write_log

RECORD: dict[str, Any] = {
    "sha256": "a",
    "threshold": 0.5,
    "vocabulary": "b",
    "keras": "2.15.0",
    "dataset": "v401",
    "dataset_sha256": "c",
}
SCORES_THEN = [0.1, 0.9, 0.2, 0.8]
SCORES_NOW = [0.9, 0.9, 0.2, 0.1]


def write_dataset(path: Path, labels: list[int]) -> Dataset:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"OW_events": [[1]] * 4, "label": pa.array(labels, pa.int8())}), path)
    return Dataset.open("v401", path, "v401")


def compare(
    root: Path,
    models_then: dict[str, Any],
    failures: list[Failure],
    damage: bool = False,
    servers: tuple[dict[str, Any], dict[str, Any]] = ({}, {}),
) -> Comparison:
    """Compare two runs of one model on four rows, labelled 0, 1, 0, 1 today.

    :param servers: then and now, as metadata have them.
    """
    project = write_baseline(root, ["a"], {"v401": [("[1]", [score]) for score in SCORES_THEN]})
    baseline = BaselineRun.read(project, "v701", ["a"], "--f07-compare=v701")
    object.__setattr__(baseline, "models", models_then)
    object.__setattr__(baseline, "server", servers[0])
    if damage:
        baseline.log.parquet.write_bytes(b"no parquet")
    log = write_log(root / "now.parquet", ["a"], {"v401": [("[1]", [score]) for score in SCORES_NOW]})
    verdict = Verdict("a", Metrics("a", 1, 1, 1, 1), failures, audit=ModelAudit())
    dataset = write_dataset(root / "now" / "v401__dataset.parquet", [0, 1, 0, 1])
    run = ComparedRun(log, {"a": verdict.row()}, {"a": verdict.codes}, [dataset], {"a": RECORD}, 2, servers[1])
    return try_compare(baseline, run)


def server(port: int, own: bool = False) -> dict[str, Any]:
    return {"url": f"http://127.0.0.1:{port}", "protocol": "f07", "started_by_run": own}


@pytest.mark.parametrize(
    ("then", "now", "servers"),
    [
        (server(1, own=True), server(2, own=True), None),
        ({}, server(2, own=True), None),
        (server(1), server(1), None),
        (server(1, own=True), server(2), ("the run's own", "http://127.0.0.1:2 (f07)")),
        (server(1), server(2), ("http://127.0.0.1:1 (f07)", "http://127.0.0.1:2 (f07)")),
    ],
)
def test_servers_are_told_where_they_are_not_one(
    tmp_path: Path, then: dict[str, Any], now: dict[str, Any], servers: tuple[str, str] | None
) -> None:
    assert compare(tmp_path, {}, [], servers=(then, now)).servers == servers


def test_a_model_that_is_the_same_and_flips(tmp_path: Path) -> None:
    [change] = compare(tmp_path, {"a": {"model": RECORD, "failures": []}}, []).models
    assert change.sentences[:3] == [
        "Model file, threshold, vocabulary, Keras and dataset are the same.",
        "4 common rows: 0 fixed, 2 newly wrong, 0 still wrong.",
        "Recall: 1.0000 then, 0.5000 now, -0.5000 (-0.9055 to +0.2726): no evidence of a change (p = 1; 0 rows flipped "
        "to right, 1 to wrong).",
    ]
    assert change.pairs is not None
    assert [(flip.row, label) for flip, label in change.pairs.examples["newly wrong"]] == [(0, 0), (3, 1)]


def test_what_changed_about_a_model_and_its_outcome(tmp_path: Path) -> None:
    then = {"model": {**RECORD, "threshold": 0.4}, "failures": [{"code": "F07-REQUIRED"}, {"code": "F07-INFER"}]}
    comparison = compare(tmp_path, {"a": then}, [Failure("F07-INFER", "no"), Failure("F07-WORSE", "no")])
    assert comparison.models[0].sentences[:4] == [
        "Threshold 0.4 then, 0.5 now.",
        "New failure: F07-WORSE.",
        "Fixed: F07-REQUIRED.",
        "Still failing: F07-INFER.",
    ]
    assert comparison.notes == []


def test_an_older_version_recorded_nothing(tmp_path: Path) -> None:
    comparison = compare(tmp_path, {"a": {}}, [])
    assert comparison.models[0].about == ["what the model was then is not recorded"]
    assert comparison.notes == ["Dataset v401: its labels then cannot be read; today's are taken for both runs."]


def test_labels_that_differ_are_counted(tmp_path: Path) -> None:
    write_dataset(Project(tmp_path).package("v601").dataset("v401"), [0, 0, 0, 1])
    comparison = compare(tmp_path, {"a": {"model": {**RECORD, "dataset_sha256": "x"}}}, [])
    assert comparison.models[0].about == ["another file of its own dataset"]
    assert comparison.notes == [
        "Dataset v401: 1 row is labelled otherwise than in v601; today's labels are taken for both runs."
    ]


def test_a_log_that_cannot_be_read_becomes_a_note(tmp_path: Path) -> None:
    comparison = compare(tmp_path, {}, [], damage=True)
    assert (comparison.name, comparison.models) == ("v701", [])
    assert comparison.notes[0].startswith("v701 cannot be compared: ")
    assert comparison.summary[0].startswith("against v701 of package v601: not comparable: v701 cannot be compared: ")
