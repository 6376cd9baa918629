from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_f07.errors import F07Error
from pytest_f07.results.comparison.baseline import BaselineRun
from pytest_f07.variant.seal import digest
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


@pytest.mark.parametrize("name", ["metrics/metrics_per_model.csv", "logs/raw_predictions.parquet"])
def test_a_file_that_its_run_did_not_write_is_refused(tmp_path: Path, name: str) -> None:
    project = write_baseline(tmp_path, ["a"], {"v401": [("[1]", [0.1])]})
    paths = project.variant("v701")
    document = json.loads(paths.metadata.read_text())
    files = [paths.metrics_csv, paths.predictions_parquet]
    digests = {path.relative_to(paths.folder).as_posix(): digest(path) for path in files}
    paths.metadata.write_text(json.dumps({**document, "sha256": digests}))
    assert BaselineRun.read(project, "v701", ["a"], "--f07-compare=v701").name == "v701"
    paths.metadata.write_text(json.dumps({**document, "sha256": {**digests, name: "f" * 64}}))
    with pytest.raises(F07Error, match=f"v701 is not as its run left it: .*{name} has changed since the run"):
        BaselineRun.read(project, "v701", ["a"], "--f07-compare=v701")


@pytest.mark.parametrize("key", ["models", "counts"])
def test_metadata_of_another_run_is_refused(tmp_path: Path, key: str) -> None:
    project = write_baseline(tmp_path, ["a"], {"v401": [("[1]", [0.1])]})
    path = project.variant("v701").metadata
    path.write_text(json.dumps({**json.loads(path.read_text()), key: {"b": {}}}))
    with pytest.raises(F07Error, match="are not of one complete run; run it again"):
        BaselineRun.read(project, "v701", ["a"], "--f07-compare=v701")
