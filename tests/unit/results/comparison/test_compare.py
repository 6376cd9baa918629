from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pytest_f07.errors import F07Error
from pytest_f07.results.comparison.baseline import BaselineRun
from pytest_f07.results.comparison.changes import changes_of
from pytest_f07.results.comparison.compare import Comparison, compare
from pytest_f07.results.comparison.flips import Flips
from pytest_f07.results.comparison.model_change import ModelChange
from pytest_f07.results.comparison.pairs import Pairs
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
    return compare(BaselineRun.read(project, "v701", log.names, "--f07-compare=v701"), log, metric_rows(now[0], COUNTS))


def compare_with_older_version(root: Path, missing_column: str) -> Comparison:
    """Compare a run with one whose metrics lack a column."""
    baseline = BaselineRun.read(write_baseline(root, ["a"], LOG, missing_column), "v701", ["a"], "--f07-compare=v701")
    return compare(baseline, write_log(root / "now.parquet", ["a"], LOG), metric_rows(["a"], COUNTS))


def test_each_metric_is_compared(tmp_path: Path) -> None:
    comparison = compare_logs(tmp_path, (["a"], LOG), (["a"], LOG))
    [model] = comparison.models
    assert {change.name: (change.then, change.now) for change in [*model.metrics, *model.counts]} == {
        name: (values(BASELINE_COUNTS)[name], values(COUNTS)[name]) for name in COLUMNS
    }
    assert [(change.name, change.difference) for change in model.counts][:3] == [("TP", 3), ("TN", 2), ("FP", 1)]
    assert (comparison.name, comparison.package, comparison.notes) == ("v701", "v601", [])


@pytest.mark.parametrize("missing_column", ["mcc", "precision_low"])
def test_a_run_of_a_version_with_fewer_metrics_is_compared(tmp_path: Path, missing_column: str) -> None:
    [model] = compare_with_older_version(tmp_path, missing_column).models
    assert (model.metrics[-1].name, model.metrics[-1].then) == ("mcc", values(BASELINE_COUNTS)["mcc"])


def test_a_metric_that_is_undefined_has_no_value_and_no_difference(tmp_path: Path) -> None:
    log = write_log(tmp_path / "now.parquet", ["a"], LOG)
    baseline = BaselineRun.read(write_baseline(tmp_path, ["a"], LOG), "v701", ["a"], "--f07-compare=v701")
    [model] = compare(baseline, log, metric_rows(["a"], Counts(tp=0, tn=9, fp=0, fn=3))).models
    ratios = {change.name: (change.now, change.difference) for change in model.metrics}
    assert ratios["precision"] == ratios["mcc"] == (None, None)
    assert ratios["recall"] == (0, -values(BASELINE_COUNTS)["recall"])


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


def changed(name: str, counts: list[list[int]]) -> ModelChange:
    pairs = Pairs("v401", 60, np.array(counts, np.int64))
    return ModelChange(name, [], [], pairs=pairs, changes=changes_of(pairs))


NOISE = changed("a", [[100, 0, 0, 2, 5, 1, 0, 9]] * 31 + [[100, 0, 0, 2, 5, 0, 1, 9]] * 27)
WORSE = changed("b", [[90, 9, 1, 20, 5, 0, 0, 15]] * 40)


def test_the_summary_of_a_change_that_is_noise() -> None:
    assert Comparison("v700", "v601", "2026", [NOISE]).summary == [
        "against v700 of package v601: 6,786 common rows of 1 of 1 model; 31 flipped to right, 27 to wrong",
        "no evidence of a change in any metric (smallest p = 1 of 6 tests, by Holm)",
    ]


def test_the_summary_of_a_model_that_got_worse() -> None:
    first, second = Comparison("v700", "v601", "2026", [NOISE, WORSE, ModelChange("c", [], [])]).summary
    assert first == (
        "against v700 of package v601: 12,386 common rows of 2 of 3 models; 71 flipped to right, 387 to wrong"
    )
    assert second.startswith(
        "evidence of a change in 5 of 12 tests, by Holm: b: false positive rate worse, 0.1750 then, 0.2417 now "
        "(p < 0.001); b: accuracy worse, "
    )
    assert second.endswith("; and 2 more in the report")
    assert "a: " not in second


def test_what_got_worse_is_told_before_what_got_better() -> None:
    better = changed("a", [[90, 1, 9, 20, 5, 0, 0, 15]] * 40)
    summary = Comparison("v700", "v601", "2026", [better, WORSE]).summary[1]
    assert summary.startswith("evidence of a change in 10 of 12 tests, by Holm: b: false positive rate worse, ")


def test_where_no_row_flipped_no_p_is_told() -> None:
    same = changed("a", [[100, 0, 0, 2, 5, 0, 0, 9]] * 20)
    assert Comparison("v700", "v601", "2026", [same]).summary == [
        "against v700 of package v601: 2,320 common rows of 1 of 1 model; 0 flipped to right, 0 to wrong",
        "no row flipped, so each metric of these rows is the same",
    ]


def test_what_changed_without_a_labelled_row_that_flipped_is_told() -> None:
    same = changed("a", [[100, 0, 0, 2, 5, 0, 0, 9]] * 20)
    models = [
        replace(same, flips=Flips(3838, to_1=3, to_0=1), about=["another model file"]),
        replace(same, prediction_name="b", outcomes=["new failure: F07-REQUIRED", "still failing: F07-INFER"]),
        replace(same, prediction_name="c", outcomes=["still failing: F07-INFER"]),
    ]
    assert Comparison("v700", "v601", "2026", models).answer("below")[1] == (
        "no row flipped, so each metric of these rows is the same; but 4 predictions of other rows flipped; "
        "a: another model file; b: new failure: F07-REQUIRED"
    )


def test_the_rest_of_what_changed_is_where_the_reader_is_sent() -> None:
    models = [replace(WORSE, prediction_name=name) for name in "ab"]
    comparison = Comparison("v700", "v601", "2026", models)
    assert comparison.answer("below")[1].endswith("; and 7 more below")
    assert comparison.summary[1].endswith("; and 7 more in the report")


def test_two_servers_are_told_apart() -> None:
    servers = "the run's own", "http://127.0.0.1:8501 (tensorflow-serving)"
    comparison = Comparison("v700", "v601", "2026", [NOISE], servers=servers)
    assert comparison.summary[0].startswith(
        "against v700 of package v601 (server: the run's own then, http://127.0.0.1:8501 (tensorflow-serving) now): "
        "6,786 "
    )
    assert comparison.document()["servers"] == {"then": servers[0], "now": servers[1]}


def test_where_nothing_is_common_it_is_not_comparable() -> None:
    comparison = Comparison("v700", "v601", "2026", [ModelChange("a", [], [])], ["Dataset v401 was not in v700."])
    assert comparison.summary == ["against v700 of package v601: not comparable: Dataset v401 was not in v700."]
    assert json.loads(json.dumps(comparison.document()))["models"]["a"]["comparable"] is False
