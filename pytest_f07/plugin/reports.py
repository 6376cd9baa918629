"""Put report.html and junit.xml, once both are written, where the run keeps them."""

from __future__ import annotations

import shutil

import pytest

from pytest_f07.variant.paths import Outputs


def place_reports(config: pytest.Config, staged: Outputs, outputs: Outputs) -> None:
    """Move both reports, and set the paths that pytest's closing lines name.

    :param staged: where they were written.
    :param outputs: where they belong.
    """
    from _pytest.junitxml import xml_key
    from pytest_html.basereport import BaseReport

    for written, final in ((staged.report_html, outputs.report_html), (staged.junit_xml, outputs.junit_xml)):
        if written.is_file():
            shutil.move(written, final)
    if log_xml := config.stash.get(xml_key, None):
        log_xml.logfile = str(outputs.junit_xml)
    for plugin in config.pluginmanager.get_plugins():
        if isinstance(plugin, BaseReport):
            plugin._report_path = outputs.report_html
