"""Put report.html and junit.xml, once both are written, where the run keeps them, and let nobody else name them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pytest_f07 import results
from pytest_f07.variant.paths import Outputs

STYLE = Path(results.__file__).with_name("report.css")


def place_reports(staged: Outputs, outputs: Outputs) -> None:
    """Move both reports.

    :param staged: where they were written.
    :param outputs: where they belong.
    """
    for written, final in ((staged.report_html, outputs.report_html), (staged.junit_xml, outputs.junit_xml)):
        if written.is_file():
            shutil.move(written, final)


def silence_plugins(config: pytest.Config) -> None:
    """Unregister plugins that have done their work, and would say where they wrote, or what they started.

    Their lines name files that have been moved since, and a server that has ended.
    """
    from _pytest.junitxml import xml_key
    from pytest_html.basereport import BaseReport

    done = [plugin for plugin in config.pluginmanager.get_plugins() if isinstance(plugin, BaseReport)]
    if log_xml := config.stash.get(xml_key, None):
        del config.stash[xml_key]
        done.append(log_xml)
    for plugin in done:
        config.pluginmanager.unregister(plugin)
    silence_xprocess(config)


def silence_xprocess(config: pytest.Config) -> None:
    """Unregister pytest-xprocess, which would remind of servers that are left running: none is."""
    if xprocess := config.pluginmanager.get_plugin("xprocess"):
        config.pluginmanager.unregister(xprocess)
