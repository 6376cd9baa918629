"""What pytest-html is told of one session; the finished file is in tests/integration/test_reporting.py."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pytest_metadata.plugin import metadata_key

from pytest_f07.plugin.html import HtmlReport
from pytest_f07.plugin.session import ValidationSession
from tests.unit.small_session import NODE, failed_verdict, let_run, passed_verdict, small_session

ROW = ["<td>Passed</td>", "<td>a</td>", "<td>0.1 s</td>", "<td></td>"]  # result, test, duration, links


@pytest.fixture
def session(tmp_path: Path) -> ValidationSession:
    return small_session(tmp_path)


def row(page: HtmlReport, nodeid: str, outcome: Any = "passed", when: Any = "call") -> list[str]:
    """Return the cells that pytest-html is left with for a report; none where it has no row."""
    cells = ROW.copy()
    page.session.outcomes.expect({NODE.format(name): name for name in ("a", "a__b")})
    page.pytest_html_results_table_row(pytest.TestReport(nodeid, ("m", 1, "t"), {}, outcome, None, when), cells)
    return cells


def test_title_and_environment_name_variant_and_package(session: ValidationSession) -> None:
    page, shown = HtmlReport(session), SimpleNamespace(title="report.html")
    page.pytest_html_report_title(shown)
    assert shown.title == "F07 runtime validation: v701 of package v601"
    environment = {"Python": "3.11"}
    begun = SimpleNamespace(config=SimpleNamespace(stash={metadata_key: environment}))
    page.pytest_sessionstart(begun)  # type: ignore[arg-type]  # a stand-in of what pytest hands over
    assert environment == {"Python": "3.11", "Variant": "v701", "F06 package": "v601"}


OTHERS = {
    "a test of the host": ("tests::t", "passed", "call"),
    "a model that is not judged": (NODE.format("a__b"), "passed", "call"),
    "a model that somebody else's plugin lets fail": (NODE.format("a"), "failed", "call"),
    "an error at a model's end": (NODE.format("a"), "failed", "teardown"),
}


@pytest.mark.parametrize(("nodeid", "outcome", "when"), OTHERS.values(), ids=OTHERS)
def test_what_is_no_models_verdict_keeps_its_row(
    session: ValidationSession, nodeid: str, outcome: str, when: str
) -> None:
    let_run(session, passed_verdict("a"))
    page = HtmlReport(session)
    assert row(page, nodeid, outcome, when) == ROW
    assert "Tests beside the models" in summary(page)[1]


def test_a_models_row_is_left_to_the_page(session: ValidationSession) -> None:
    let_run(session, passed_verdict("a"), failed_verdict("a__b"))
    page = HtmlReport(session)
    assert row(page, NODE.format("a")) == row(page, NODE.format("a__b"), "failed") == []
    for when in ("setup", "teardown"):
        row(page, NODE.format("a"), when=when)
    assert "Tests beside the models" not in summary(page)[1]


def test_a_file_that_cannot_be_collected_keeps_its_row(session: ValidationSession) -> None:
    cells = ROW.copy()
    report = pytest.CollectReport("tests", "failed", None, None)
    HtmlReport(session).pytest_html_results_table_row(report, cells)  # type: ignore[arg-type]  # pytest-html does so
    assert cells == ROW


def summary(page: HtmlReport) -> tuple[str, str]:
    """Return what stands above pytest-html's table, and right before it."""
    above: list[str] = []
    below: list[str] = []
    page.pytest_html_results_summary(above, below)
    return "".join(above), "".join(below)


def test_the_page_stands_above_pytest_htmls_table(session: ValidationSession) -> None:
    let_run(session, passed_verdict("a"), failed_verdict("a__b"))
    above, below = summary(HtmlReport(session))
    assert "FAILED" in above
    assert '<a href="#a__b">a_<wbr>_<wbr>b</a>: no &lt;balance&gt;' in above
    assert "In this run the model answered 10 labelled windows of v401" in above
    assert below.rstrip().endswith("</script>")


def test_a_run_that_does_not_count_says_so_first(session: ValidationSession) -> None:
    let_run(session, passed_verdict("a"), passed_verdict("a__b"))
    session.note = "The session was interrupted. No metadata was written."
    above, _ = summary(HtmlReport(session))
    assert "NOT COMPLETE" in above
    assert session.note in above


def test_a_model_that_was_not_selected_is_not_judged(session: ValidationSession) -> None:
    let_run(session, passed_verdict("a"), passed_verdict("a__b"))
    session.all_selected = False
    session.outcomes.expect({NODE.format("a"): "a"})
    session.outcomes.add(pytest.TestReport(NODE.format("a"), ("m", 1, "t"), {}, "passed", None, "call"))
    above, _ = summary(HtmlReport(session))
    assert re.findall(r'data-name="(\w+)" data-result="([^"]+)"', above) == [("a", "passed"), ("a__b", "not judged")]


def test_a_session_that_runs_nothing_has_no_verdict(tmp_path: Path) -> None:
    assert summary(HtmlReport(small_session(tmp_path, collect_only=True))) == ("", "")
