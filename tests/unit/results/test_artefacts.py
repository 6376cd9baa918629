"""Test the folders before a run, and the files of its metrics."""

from __future__ import annotations

import json
from pathlib import Path

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


def test_both_files_hold_the_same_numbers(tmp_path: Path) -> None:
    outputs = Outputs(tmp_path)
    clean(outputs)
    write_metrics(outputs, [Verdict("a", Metrics("a", 3, 4, 1, 2), audit=ModelAudit())])
    row = outputs.metrics_csv.read_text().splitlines()[1]
    assert row.startswith("a,3,4,1,2,0.75,0.6,")
    assert json.loads(outputs.metrics_json.read_text())["a"]["recall"] == 0.6
