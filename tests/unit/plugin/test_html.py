"""What pytest-html is told of one session; the finished file is in tests/integration/test_reporting.py."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pytest_metadata.plugin import metadata_key

from pytest_f07.plugin import html as module
from pytest_f07.plugin.html import HtmlReport
from pytest_f07.plugin.session import ValidationSession
from tests.unit.small_session import NODE, failed_verdict, let_run, passed_verdict, small_session

ROW = ["<td>Passed</td>", "<td>a</td>", "<td>0.1 s</td>", "<td></td>"]  # result, test, duration, links


@pytest.fixture
def session(tmp_path: Path) -> ValidationSession:
    return small_session(tmp_path)


def report(nodeid: str, outcome: Any = "passed", name: str | None = None) -> pytest.TestReport:
    properties = [("prediction_name", name)] if name else []
    return pytest.TestReport(nodeid, ("m", 1, "t"), {}, outcome, None, "call", user_properties=properties)


def row(page: HtmlReport, nodeid: str, name: str | None) -> list[str]:
    cells = ROW.copy()
    page.pytest_html_results_table_row(report(nodeid, name=name), cells)
    return cells


def test_title_and_environment_name_variant_and_package(session: ValidationSession) -> None:
    page, shown = HtmlReport(session), SimpleNamespace(title="report.html")
    page.pytest_html_report_title(shown)
    assert shown.title == "F07 runtime validation: v701 of package v601"
    environment = {"Python": "3.11"}
    begun = SimpleNamespace(config=SimpleNamespace(stash={metadata_key: environment}))
    page.pytest_sessionstart(begun)  # type: ignore[arg-type]  # a stand-in of what pytest hands over
    assert environment == {"Python": "3.11", "Variant": "v701", "F06 package": "v601"}


def test_each_row_has_a_cell_below_each_heading(session: ValidationSession) -> None:
    let_run(session, passed_verdict("a"))
    page, headings = HtmlReport(session), ["<th>Result</th>", "<th>Test</th>", "<th>Duration</th>", "<th>Links</th>"]
    page.pytest_html_results_table_header(headings)
    assert headings[0] == "<th>Result</th>"
    rows = [row(page, NODE.format("a"), "a"), row(page, NODE.format("a__b"), "a__b"), row(page, "tests::t", None)]
    assert [len(cells) for cells in rows] == [len(headings)] * 3
    assert all(cells[0] == ROW[0] for cells in rows)
    assert not any("Duration" in text or "0.1 s" in text for text in [*headings, *rows[0]])


def test_a_row_has_its_own_models_metrics_and_dashes_where_there_are_none(session: ValidationSession) -> None:
    let_run(session, passed_verdict("a"))
    page = HtmlReport(session)
    judged, not_judged = row(page, NODE.format("a"), "a"), row(page, NODE.format("a__b"), "a__b")
    assert judged[1].startswith('<td class="col-testId">a<small>dense_bow, v401, threshold 0.5')
    assert "0.7500" in "".join(judged[2:])
    assert not_judged[1].startswith('<td class="col-testId">a__b<small>')
    assert all("–" in cell for cell in not_judged[2:])


def test_a_row_that_is_no_models_shows_its_id_as_text(session: ValidationSession) -> None:
    cells = row(HtmlReport(session), "tests/test_host.py::test[<script>]", None)
    assert cells[1] == '<td class="col-testId">tests/test_host.py::test[&lt;script&gt;]</td>'


@pytest.mark.parametrize(("outcome", "left"), [("passed", []), ("failed", ["sentence"]), ("skipped", ["sentence"])])
def test_only_a_model_that_passed_has_no_log(session: ValidationSession, outcome: str, left: list[str]) -> None:
    data = ["sentence"]
    HtmlReport(session).pytest_html_results_table_html(report("a", outcome), data)
    assert data == left


def details(
    session: ValidationSession, monkeypatch: pytest.MonkeyPatch, name: str | None, when: str = "call"
) -> list[dict[str, Any]]:
    """Return what unfolds below an item's row."""
    monkeypatch.setattr(module, "prediction_name", lambda item: name)
    item: Any = SimpleNamespace()
    call: Any = SimpleNamespace(when=when)
    hook = HtmlReport(session).pytest_runtest_makereport(item, call)
    next(hook)
    with pytest.raises(StopIteration) as end:
        hook.send(report("a"))
    return getattr(end.value.value, "extras", [])


def test_a_models_row_unfolds_to_its_details_once(session: ValidationSession, monkeypatch: pytest.MonkeyPatch) -> None:
    let_run(session, passed_verdict("a"))
    [extra] = details(session, monkeypatch, "a")
    assert extra["format_type"] == "html"
    assert "Here it answered 10 labelled windows of v401" in extra["content"]
    assert details(session, monkeypatch, "a", when="setup") == []
    assert details(session, monkeypatch, "a__b") == []  # not judged
    assert details(session, monkeypatch, None) == []  # an item of the host


def summary(session: ValidationSession) -> tuple[str, str]:
    above: list[str] = []
    below: list[str] = []
    HtmlReport(session).pytest_html_results_summary(above, below)
    return "".join(above), "".join(below)


def test_the_verdict_stands_above_the_table_and_the_details_below(session: ValidationSession) -> None:
    let_run(session, passed_verdict("a"), failed_verdict("a__b"))
    above, below = summary(session)
    assert "FAILED" in above
    assert '<code class="f07-code">F07-BOOKS</code> <strong>a__b</strong>: no &lt;balance&gt;' in above
    assert below.rstrip().endswith("</script>")


def test_a_run_that_does_not_count_says_so_first(session: ValidationSession) -> None:
    let_run(session, passed_verdict("a"), passed_verdict("a__b"))
    session.note = "The session was interrupted. No metadata was written."
    above, _ = summary(session)
    assert "NOT COMPLETE" in above
    assert session.note in above


def test_a_session_that_runs_nothing_has_no_verdict(tmp_path: Path) -> None:
    assert summary(small_session(tmp_path, collect_only=True)) == ("", "")
