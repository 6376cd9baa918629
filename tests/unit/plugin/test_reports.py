"""Where the two reports end up, and who may no longer name them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from _pytest.junitxml import xml_key
from pytest_html.basereport import BaseReport

from pytest_f07.plugin.reports import place_reports, silence_plugins
from pytest_f07.variant.paths import Outputs


@pytest.mark.parametrize("written", [("report.html", "junit.xml"), ("junit.xml",)], ids=["both", "no html"])
def test_what_was_written_is_moved(tmp_path: Path, written: tuple[str, ...]) -> None:
    staged, outputs = Outputs(tmp_path / "staged"), Outputs(tmp_path / "v701")
    for folder in (staged.report, outputs.report):
        folder.mkdir(parents=True)
    for name in written:
        (staged.report / name).write_text(name)
    place_reports(staged, outputs)
    assert {path.name: path.read_text() for path in outputs.report.iterdir()} == {name: name for name in written}
    assert not any(staged.report.iterdir())


@pytest.mark.parametrize("xprocess", [None, "the plugin xprocess"])
def test_plugins_that_have_done_their_work_say_no_more(xprocess: str | None) -> None:
    html: object = BaseReport.__new__(BaseReport)
    gone: list[object] = []
    manager = SimpleNamespace(
        get_plugins=lambda: ["another", html], get_plugin={"xprocess": xprocess}.get, unregister=gone.append
    )
    config: Any = SimpleNamespace(stash={xml_key: "the plugin junitxml"}, pluginmanager=manager)
    silence_plugins(config)
    assert gone == [plugin for plugin in (html, "the plugin junitxml", xprocess) if plugin]
    assert xml_key not in config.stash  # else pytest unregisters it a second time
