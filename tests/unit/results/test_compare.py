from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pytest_f07.errors import F07Error
from pytest_f07.results import compare as module
from pytest_f07.results.compare import BaselineRun, Comparison, compare
from pytest_f07.results.metric_table import Counts, values
from pytest_f07.results.metrics import to_csv
from pytest_f07.variant.paths import Project

THEN, NOW = Counts(3, 5, 1, 1, 4, 2, 7), Counts(6, 7, 2, 2, 4, 3, 0)
COLUMNS = ("precision", "recall", "f1", "mcc", "TP", "TN", "FP", "FN", "no_ref_total", "non_finite")
Log = dict[str, list[tuple[str, list[float]]]]  # dataset: a window and each model's score, row for row


def metrics(names: list[str], counts: Counts) -> dict[str, dict[str, Any]]:
    return {name: values(counts) for name in names}


def write(path: Path, names: list[str], log: Log, group: int = 4) -> Path:
    rows = [
        {"window": window, "prediction_name": name, "y_pred": int(y_prob >= 0.5), "y_prob": y_prob}
        for windows in log.values()
        for window, scores in windows
        for name, y_prob in zip(names, scores, strict=True)
    ]
    schema = pa.schema(
        [("window", pa.string()), ("prediction_name", pa.string()), ("y_pred", pa.int8()), ("y_prob", pa.float32())]
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema), path, row_group_size=group)
    return path


def earlier(root: Path, names: list[str], log: Log, lacking: str = "") -> Project:
    """A complete run of v701, by a version whose metrics_per_model.csv lacked a column."""
    project = Project(root)
    paths = project.variant("v701")
    write(paths.predictions_parquet, names, log)
    paths.metrics.mkdir()
    rows = [{"prediction_name": name, **row} for name, row in metrics(names, THEN).items()]
    paths.metrics_csv.write_bytes(to_csv([{k: v for k, v in row.items() if k != lacking} for row in rows]))
    document = {
        "parent_variant": "v601",
        "timestamp": "2026-02-15T21:43:59+00:00",
        "models": {name: {} for name in names},
        "counts": {"rows": {name: len(windows) for name, windows in log.items()}},
    }
    paths.metadata.write_text(json.dumps(document))
    return project


def compared(root: Path, then: tuple[list[str], Log], now: tuple[list[str], Log]) -> Comparison:
    project = earlier(root, *then)
    names, log = now
    parquet = write(root / "now.parquet", names, log)
    rows = {name: len(windows) for name, windows in log.items()}
    return compare(BaselineRun.read(project, "v701", names), parquet, names, rows, metrics(names, NOW))


def test_flips_are_counted_each_way_and_the_largest_shown_first(tmp_path: Path) -> None:
    then = {"v401": [("[1]", [0.4, 0.1]), ("[2]", [0.6, 0.1]), ("[3]", [0.45, 0.1]), ("[]", [0.9, float("nan")])]}
    now = {"v401": [("[1]", [0.6, 0.1]), ("[2]", [0.3, 0.1]), ("[3]", [0.95, 0.1]), ("[]", [0.9, 0.7])]}
    found = compared(tmp_path, (["a", "b"], then), (["a", "b"], now))
    a, b = found.models
    assert (a.compared, a.to_1, a.to_0) == (4, 2, 1)
    assert [(flip.dataset, flip.row, flip.window) for flip in a.flips] == [
        ("v401", 2, "[3]"),
        ("v401", 1, "[2]"),
        ("v401", 0, "[1]"),
    ]
    assert (b.to_1, b.to_0, len(b.flips)) == (1, 0, 1)
    assert {one.name: (one.then, one.now) for one in [*a.metrics, *a.counts]} == {
        name: (values(THEN)[name], values(NOW)[name]) for name in COLUMNS
    }
    assert [(one.name, one.difference) for one in a.counts][:3] == [("TP", 3), ("TN", 2), ("FP", 1)]
    assert (found.variant, found.package, found.notes) == ("v701", "v601", [])


@pytest.mark.parametrize("lacking", ["mcc", "precision_low"])
def test_a_run_of_a_version_with_fewer_metrics_is_compared(tmp_path: Path, lacking: str) -> None:
    log: Log = {"v401": [("[1]", [0.1])]}
    project = earlier(tmp_path, ["a"], log, lacking)
    parquet = write(tmp_path / "now.parquet", ["a"], log)
    found = compare(BaselineRun.read(project, "v701", ["a"]), parquet, ["a"], {"v401": 1}, metrics(["a"], NOW))
    assert [(one.name, one.then) for one in found.models[0].metrics][-1] == ("mcc", values(THEN)["mcc"])


def test_metrics_that_cannot_be_read_are_said(tmp_path: Path) -> None:
    log: Log = {"v401": [("[1]", [0.1])]}
    project = earlier(tmp_path, ["a"], log, lacking="TP")
    parquet = write(tmp_path / "now.parquet", ["a"], log)
    with pytest.raises(F07Error, match="its metrics of a cannot be read"):
        compare(BaselineRun.read(project, "v701", ["a"]), parquet, ["a"], {"v401": 1}, metrics(["a"], NOW))


def test_models_and_datasets_in_another_order_are_found(tmp_path: Path) -> None:
    then = {"v401": [("[1]", [0.1, 0.9])] * 3, "v402": [("[2]", [0.2, 0.8])] * 5}
    now = {"v402": [("[2]", [0.8, 0.1, 0.2])] * 5, "v401": [("[1]", [0.9, 0.1, 0.6])] * 3}
    found = compared(tmp_path, (["a", "b"], then), (["b", "c", "a"], now))
    assert [(one.prediction_name, one.compared, one.to_1, one.to_0) for one in found.models] == [
        ("b", 8, 0, 0),
        ("a", 8, 3, 0),
    ]
    assert found.notes == ["c was not in v701."]


@pytest.mark.parametrize("rows", [1, 2, 3, 100])
def test_blocks_of_any_size_find_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    monkeypatch.setattr(module, "BLOCK_ROWS", rows)
    log = {"v401": [(f"[{row}]", [0.4]) for row in range(9)], "v402": [("[]", [0.4])] * 4}
    changed = {"v401": [(f"[{row}]", [0.4 + row / 20]) for row in range(9)], "v402": [("[]", [0.4])] * 4}
    [one] = compared(tmp_path, (["a"], log), (["a"], changed)).models
    assert (one.compared, one.to_1, one.to_0) == (13, 7, 0)
    assert [flip.row for flip in one.flips] == [8, 7, 6, 5, 4]


def test_what_cannot_be_compared_is_said(tmp_path: Path) -> None:
    then = {"v401": [("[1]", [0.1]), ("[2]", [0.1]), ("[3]", [0.1])]}
    now = {"v401": [("[1]", [0.9]), ("[9]", [0.9])], "v403": [("[4]", [0.9])]}
    found = compared(tmp_path, (["a"], then), (["a"], now))
    assert (found.models[0].compared, found.models[0].to_1) == (1, 1)
    assert found.notes == [
        "Dataset v401 had 3 rows and has 2: the first 2 are compared.",
        "Dataset v401: 1 of 2 rows holds another window than in v701; their predictions are not compared.",
        "Dataset v403 was not in v701: its predictions are not compared.",
    ]


def test_a_variant_without_a_common_model_is_refused(tmp_path: Path) -> None:
    project = earlier(tmp_path, ["a", "b"], {"v401": [("[1]", [0.1, 0.1])]})
    with pytest.raises(
        F07Error, match=r"--f07-compare=v701: it validates none of these models, but a, b; name a variant"
    ):
        BaselineRun.read(project, "v701", ["c"])


@pytest.mark.parametrize(
    "missing", ["07_deployrun_metadata.json", "metrics/metrics_per_model.csv", "logs/raw_predictions.parquet"]
)
def test_a_run_that_is_not_complete_is_refused(tmp_path: Path, missing: str) -> None:
    project = earlier(tmp_path, ["a"], {"v401": [("[1]", [0.1])]})
    (project.variant("v701").folder / missing).unlink()
    with pytest.raises(F07Error, match=f"{missing}: no such file, so v701 has no complete run to compare with"):
        BaselineRun.read(project, "v701", ["a"])


@pytest.mark.parametrize("key", ["models", "counts"])
def test_metadata_of_another_run_is_refused(tmp_path: Path, key: str) -> None:
    project = earlier(tmp_path, ["a"], {"v401": [("[1]", [0.1])]})
    path = project.variant("v701").metadata
    path.write_text(json.dumps({**json.loads(path.read_text()), key: {"b": {}}}))
    with pytest.raises(F07Error, match="are not of one complete run; run it again"):
        BaselineRun.read(project, "v701", ["a"])
