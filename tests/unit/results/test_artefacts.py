"""Test the folders before a run, and the files of its metrics."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_f07.results.artefacts import clean, write_metrics
from pytest_f07.results.audit import ModelAudit
from pytest_f07.results.metrics import Metrics
from pytest_f07.results.verdict import Verdict
from pytest_f07.variant.paths import Outputs


def test_what_an_earlier_run_left_is_gone_and_a_link_leads_nowhere_any_more(tmp_path: Path) -> None:
    outputs = Outputs(tmp_path / "v701")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "file").write_text("")
    (outputs.logs / "old").mkdir(parents=True)
    outputs.metrics.symlink_to(elsewhere)
    outputs.metadata.write_text("{}")
    (outputs.folder / "params.yaml").write_text("file")
    clean(outputs)
    assert sorted(path.relative_to(outputs.folder).as_posix() for path in outputs.folder.rglob("*")) == [
        "logs",
        "metrics",
        "params.yaml",
        "report",
        "report/figures",
        "runtime",
    ]
    assert (elsewhere / "file").exists()


@pytest.mark.parametrize("kept", [True, False])
def test_the_parts_of_a_run_that_died_stay_where_a_run_resumes(tmp_path: Path, kept: bool) -> None:
    outputs = Outputs(tmp_path / "v701")
    (outputs.parts / "a folder").mkdir(parents=True)
    (outputs.parts / "part-00000.parquet").write_text("")
    outputs.server_log.write_text("")
    clean(outputs, keep_parts=kept)
    assert (outputs.parts / "part-00000.parquet").exists() == kept
    assert [path.name for path in outputs.runtime.iterdir()] == ["parts"] * kept


def test_parts_that_are_a_link_are_removed_and_what_it_led_to_stays(tmp_path: Path) -> None:
    outputs = Outputs(tmp_path / "v701")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "file").write_text("")
    outputs.runtime.mkdir(parents=True)
    outputs.parts.symlink_to(elsewhere)
    clean(outputs, keep_parts=True)
    assert not outputs.parts.is_symlink()
    assert (elsewhere / "file").exists()


def test_both_files_hold_the_same_numbers(tmp_path: Path) -> None:
    outputs = Outputs(tmp_path)
    clean(outputs)
    write_metrics(outputs, [Verdict("a", Metrics("a", 3, 4, 1, 2), audit=ModelAudit())])
    row = outputs.metrics_csv.read_text().splitlines()[1]
    assert row.startswith("a,3,4,1,2,0.75,0.6,")
    assert json.loads(outputs.metrics_json.read_text())["a"]["recall"] == 0.6
