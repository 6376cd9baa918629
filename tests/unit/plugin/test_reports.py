"""Where the two reports end up; tests/integration/test_session.py sees pytest's closing lines."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from _pytest.junitxml import xml_key

from pytest_f07.plugin.reports import place_reports
from pytest_f07.variant.paths import Outputs


@pytest.mark.parametrize("written", [("report.html", "junit.xml"), ("junit.xml",)], ids=["both", "no html"])
def test_what_was_written_is_moved_and_pytest_names_its_new_place(tmp_path: Path, written: tuple[str, ...]) -> None:
    staged, outputs = Outputs(tmp_path / "staged"), Outputs(tmp_path / "v701")
    for folder in (staged.report, outputs.report):
        folder.mkdir(parents=True)
    for name in written:
        (staged.report / name).write_text(name)
    junit = SimpleNamespace(logfile=str(staged.junit_xml))
    config: Any = SimpleNamespace(stash={xml_key: junit}, pluginmanager=SimpleNamespace(get_plugins=list))
    place_reports(config, staged, outputs)
    assert {path.name: path.read_text() for path in outputs.report.iterdir()} == {name: name for name in written}
    assert not any(staged.report.iterdir())
    assert junit.logfile == str(outputs.junit_xml)
