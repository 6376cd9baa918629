"""Write report.html through pytest-html's hooks: a page of our own, above pytest-html's table of other tests."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_f07.plugin.session import ValidationSession


class HtmlReport:
    """The report of one session."""

    def __init__(self, session: ValidationSession) -> None:
        self.session = session
        self.others = 0

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Name variant and package in the report's environment table."""
        from pytest_metadata.plugin import metadata_key

        session.config.stash[metadata_key].update(
            {"Variant": self.session.manifest.paths.name, "F06 package": self.session.manifest.package.name}
        )

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_report_title(self, report: Any) -> None:
        """Name variant and package."""
        manifest = self.session.manifest
        report.title = f"F07 runtime validation: {manifest.paths.name} of package {manifest.package.name}"

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_row(self, report: pytest.TestReport, cells: list[str]) -> None:
        """Leave a model's row to the page's own table, where its outcome is the run's verdict; keep any other row."""
        verdict = self.session.verdicts.get(self.session.outcomes.names.get(report.nodeid, ""))
        if verdict and report.when == "call" and report.outcome == verdict.report_outcome:
            cells.clear()
        elif report.when == "call" or report.outcome != "passed":
            self.others += 1

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str], postfix: list[str]) -> None:
        """Add the page, and what pytest ran beside the models below it."""
        if self.session.result is None:
            return
        # Imported before the first item; before that, nothing waits for it.
        from pytest_f07.results import report as html
        from pytest_f07.results.page import make_page

        not_judged = self.session.outcomes.not_reported(self.session.verdicts)
        prefix.append(html.page_html(make_page(self.session.result, self.session.note, not_judged)))
        postfix.append(html.others_html(self.others) + html.script_html())
