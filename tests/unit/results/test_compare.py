from __future__ import annotations

from pathlib import Path

import pytest

from pytest_f07.errors import F07Error
from pytest_f07.results.baseline import BaselineRun
from pytest_f07.results.compare import Comparison, compare, try_compare
from pytest_f07.results.formulas import Counts
from pytest_f07.results.metric_table import values
from tests.unit.results.small_baseline import BASELINE_COUNTS, LogRows, metric_rows, write_baseline, write_log

COUNTS = Counts(6, 7, 2, 2, 4, 3, 0)
COLUMNS = ("precision", "recall", "f1", "mcc", "TP", "TN", "FP", "FN", "no_ref_total", "non_finite")
LOG: LogRows = {"v401": [("[1]", [0.1])]}


def compare_logs(root: Path, then: tuple[list[str], LogRows], now: tuple[list[str], LogRows]) -> Comparison:
    """Compare two runs of these models and logs."""
    project = write_baseline(root, *then)
    log = write_log(root / "now.parquet", *now)
    return compare(BaselineRun.read(project, "v701", log.names), log, metric_rows(now[0], COUNTS))


def compare_with_older_version(root: Path, missing_column: str) -> Comparison:
    """Compare a run with one whose metrics lack a column."""
    baseline = BaselineRun.read(write_baseline(root, ["a"], LOG, missing_column), "v701", ["a"])
    return compare(baseline, write_log(root / "now.parquet", ["a"], LOG), metric_rows(["a"], COUNTS))


def test_each_metric_is_compared(tmp_path: Path) -> None:
    comparison = compare_logs(tmp_path, (["a"], LOG), (["a"], LOG))
    [model] = comparison.models
    assert {change.name: (change.then, change.now) for change in [*model.metrics, *model.counts]} == {
        name: (values(BASELINE_COUNTS)[name], values(COUNTS)[name]) for name in COLUMNS
    }
    assert [(change.name, change.difference) for change in model.counts][:3] == [("TP", 3), ("TN", 2), ("FP", 1)]
    assert (comparison.variant, comparison.package, comparison.notes) == ("v701", "v601", [])


@pytest.mark.parametrize("missing_column", ["mcc", "precision_low"])
def test_a_run_of_a_version_with_fewer_metrics_is_compared(tmp_path: Path, missing_column: str) -> None:
    [model] = compare_with_older_version(tmp_path, missing_column).models
    assert (model.metrics[-1].name, model.metrics[-1].then) == ("mcc", values(BASELINE_COUNTS)["mcc"])


def test_metrics_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(F07Error, match="its metrics of a cannot be read"):
        compare_with_older_version(tmp_path, "TP")


def test_models_and_datasets_in_another_order_are_compared_by_name(tmp_path: Path) -> None:
    then = {"v401": [("[1]", [0.1, 0.9])] * 3, "v402": [("[2]", [0.2, 0.8])] * 5}
    now = {"v402": [("[2]", [0.8, 0.1, 0.2])] * 5, "v401": [("[1]", [0.9, 0.1, 0.6])] * 3}
    comparison = compare_logs(tmp_path, (["a", "b"], then), (["b", "c", "a"], now))
    assert [(model.prediction_name, model.flips.compared, model.flips.to_1) for model in comparison.models] == [
        ("b", 8, 0),
        ("a", 8, 3),
    ]
    assert comparison.notes == ["c was not in v701."]


def test_notes_name_the_rows_datasets_and_models_that_are_not_compared(tmp_path: Path) -> None:
    then = {"v401": [("[1]", [0.1, 0.1]), ("[2]", [0.1, 0.1]), ("[3]", [0.1, 0.1])]}
    now = {"v401": [("[1]", [0.9]), ("[9]", [0.9])], "v403": [("[4]", [0.9])]}
    comparison = compare_logs(tmp_path, (["a", "b"], then), (["a"], now))
    flips = comparison.models[0].flips
    assert (flips.compared, flips.to_1) == (1, 1)
    assert comparison.notes == [
        "b of v701 is not there any more.",
        "Dataset v401 had 3 rows and has 2: the first 2 are compared.",
        "Dataset v401: 1 of 2 rows holds another window than in v701; their predictions are not compared.",
        "Dataset v403 was not in v701: its predictions are not compared.",
    ]


def test_a_log_that_cannot_be_read_becomes_a_note(tmp_path: Path) -> None:
    baseline = BaselineRun.read(write_baseline(tmp_path, ["a"], LOG), "v701", ["a"])
    baseline.log.parquet.write_bytes(b"no parquet")
    log = write_log(tmp_path / "now.parquet", ["a"], LOG)
    comparison = try_compare(baseline, log, metric_rows(["a"], COUNTS))
    assert (comparison.variant, comparison.models) == ("v701", [])
    assert comparison.notes[0].startswith("v701 cannot be compared: ")
