"""Write report.html through pytest-html's hooks: a table of models, each row with its details."""

from __future__ import annotations

from collections.abc import Generator
from html import escape
from typing import Any

import pytest

from pytest_f07.plugin.items import prediction_name
from pytest_f07.plugin.session import ValidationSession
from pytest_f07.results import report as html
from pytest_f07.results.page import make_page, read_figures
from pytest_f07.variant.package import Model


class HtmlReport:
    """The report of one session."""

    def __init__(self, session: ValidationSession) -> None:
        self.session = session

    def _find_model(self, name: str) -> Model | None:
        models = self.session.result.models if self.session.result else ()
        return next((model for model in models if model.prediction_name == name), None)

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Name variant and package in the report's environment table."""
        from pytest_metadata.plugin import metadata_key

        session.config.stash[metadata_key].update(
            {"Variant": self.session.manifest.paths.name, "F06 package": self.session.manifest.package.name}
        )

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Add the model's details to its row."""
        result = yield
        name = prediction_name(item)
        run, model = self.session.result, self._find_model(str(name))
        if name and run and model and call.when == "call" and name in run.verdicts:
            from pytest_html import extras

            content = html.model_html(run.verdicts[name], model, read_figures(run, name))
            result.extras = [extras.html(content)]  # type: ignore[attr-defined]  # pytest-html reads it
        return result

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_report_title(self, report: Any) -> None:
        """Name variant and package."""
        manifest = self.session.manifest
        report.title = f"F07 runtime validation: {manifest.paths.name} of package {manifest.package.name}"

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        """Replace duration and links by the metrics' columns: no item takes time of its own."""
        cells[1:] = ['<th class="sortable" data-column-type="testId">Model</th>', *html.header_cells()]

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_row(self, report: pytest.TestReport, cells: list[str]) -> None:
        """Fill the metrics' columns."""
        # a file that cannot be collected has a report without properties
        name = dict(getattr(report, "user_properties", ())).get("prediction_name")
        model = self._find_model(str(name))
        name_cell = (
            html.name_cell(str(name), model) if model else f'<td class="col-testId">{escape(report.nodeid)}</td>'
        )
        cells[1:] = [name_cell, *html.row_cells(self.session.verdicts.get(str(name)), model)]

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_html(self, report: pytest.TestReport, data: list[str]) -> None:
        """Remove the empty log of a model that passed."""
        if report.passed:
            data.clear()

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str], postfix: list[str]) -> None:
        """Add verdict, failures and warnings above the table, and details below it."""
        if self.session.result is None:
            return
        page = make_page(self.session.result, self.session.note)
        prefix.append(html.verdict_html(page))
        postfix += [html.details_html(page), html.script_html()]
