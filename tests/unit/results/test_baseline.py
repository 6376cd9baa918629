from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_f07.errors import F07Error
from pytest_f07.results.baseline import BaselineRun
from tests.unit.results.small_baseline import BASELINE_COUNTS, write_baseline


def test_a_complete_run_is_read(tmp_path: Path) -> None:
    project = write_baseline(tmp_path, ["b", "a"], {"v402": [("[]", [0.1, 0.1])], "v401": [("[1]", [0.1, 0.1])] * 2})
    baseline = BaselineRun.read(project, "v701", ["a", "c"], "--f07-compare=v701")
    assert (baseline.variant, baseline.package) == ("v701", "v601")
    assert (baseline.log.names, list(baseline.log.rows.items())) == (("b", "a"), [("v402", 1), ("v401", 2)])
    assert baseline.metrics["a"]["TP"] == str(BASELINE_COUNTS.tp)


def test_a_variant_without_a_common_model_is_refused(tmp_path: Path) -> None:
    project = write_baseline(tmp_path, ["a", "b"], {"v401": [("[1]", [0.1, 0.1])]})
    with pytest.raises(
        F07Error, match=r"--f07-compare=v701: it validates none of these models, but a, b; name a variant"
    ):
        BaselineRun.read(project, "v701", ["c"], "--f07-compare=v701")


@pytest.mark.parametrize(
    "missing", ["07_deployrun_metadata.json", "metrics/metrics_per_model.csv", "logs/raw_predictions.parquet"]
)
def test_a_run_that_is_not_complete_is_refused(tmp_path: Path, missing: str) -> None:
    project = write_baseline(tmp_path, ["a"], {"v401": [("[1]", [0.1])]})
    (project.variant("v701").folder / missing).unlink()
    with pytest.raises(F07Error, match=f"{missing}: no such file, so v701 has no complete run to compare with"):
        BaselineRun.read(project, "v701", ["a"], "--f07-compare=v701")


@pytest.mark.parametrize("key", ["models", "counts"])
def test_metadata_of_another_run_is_refused(tmp_path: Path, key: str) -> None:
    project = write_baseline(tmp_path, ["a"], {"v401": [("[1]", [0.1])]})
    path = project.variant("v701").metadata
    path.write_text(json.dumps({**json.loads(path.read_text()), key: {"b": {}}}))
    with pytest.raises(F07Error, match="are not of one complete run; run it again"):
        BaselineRun.read(project, "v701", ["a"], "--f07-compare=v701")
