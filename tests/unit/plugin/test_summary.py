"""What the end of a session says; when it says it is in test_terminal.py."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from pytest_f07.endpoints.endpoint import Provides
from pytest_f07.plugin.session import ValidationSession
from pytest_f07.plugin.summary import write_outcome, write_places, write_short_outcome
from pytest_f07.replay.replay import Completion, Timings
from pytest_f07.results.verdict import Verdict, broken_verdict
from tests.unit.small_session import NAMES, NODE, failed_verdict, let_run, passed_verdict, small_session

TIMINGS = Timings((Completion(2.0, 2.0, 3000),))
PASSED, FAILED = [passed_verdict(name) for name in NAMES], [passed_verdict("a"), failed_verdict("a__b")]
NOTE = "The session was interrupted. No metadata was written."
REPORT = "executions/07_deployrun/v701/report/report.html"
TITLE, HEAD, REPLAY = "= v701 of package v601 =", "model ", "f07: replay: 0 windows, 1,500 windows/s"
RED, GREEN, YELLOW = "\x1b[31m", "\x1b[32m", "\x1b[33m"


@pytest.fixture
def screen() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def terminal(
    pytestconfig: pytest.Config, screen: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> pytest.TerminalReporter:
    monkeypatch.setenv("COLUMNS", "80")
    return pytest.TerminalReporter(pytestconfig, screen)


ENDS: dict[str, tuple[list[Verdict], str | None, str, str, list[str]]] = {
    "passed": (PASSED, None, GREEN, "PASSED: 2 models passed.", ["a .* passed", "a__b .* passed"]),
    "failed": (FAILED, None, RED, "FAILED: 1 of 2 models failed.", ["a .* passed", "a__b .* failed"]),
    "interrupted": (PASSED, NOTE, YELLOW, f"NOT COMPLETE: {NOTE}", ["a .* passed", "a__b .* passed"]),
}


@pytest.mark.parametrize(("verdicts", "note", "colour", "outcome", "rows"), ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("coloured", [True, False])
def test_the_outcome_is_told_in_colour_before_the_table(
    tmp_path: Path,
    terminal: pytest.TerminalReporter,
    screen: io.StringIO,
    verdicts: list[Verdict],
    note: str | None,
    colour: str,
    outcome: str,
    rows: list[str],
    coloured: bool,
) -> None:
    session = small_session(tmp_path)
    terminal._tw.hasmarkup = coloured
    let_run(session, *verdicts, timings=TIMINGS)
    session.note = note
    assert session.result is not None
    write_outcome(terminal, session, session.result)
    lines = screen.getvalue().splitlines()
    expected = [TITLE, re.escape(outcome), HEAD, *rows, REPLAY]
    assert len(lines) == len(expected), lines
    for line, pattern in zip(lines, expected, strict=True):
        assert re.search(pattern, line)
    assert (colour in lines[1]) is coloured
    assert [RED in line for line in lines[3:5]] == [coloured and "failed" in row for row in rows]
    assert coloured or max(map(len, lines)) <= 80


def test_a_model_that_was_not_selected_has_not_passed(
    tmp_path: Path, terminal: pytest.TerminalReporter, screen: io.StringIO
) -> None:
    session = small_session(tmp_path)
    let_run(session, *PASSED)
    session.outcomes.expect({NODE.format("a"): "a"})
    assert session.result is not None
    write_outcome(terminal, session, session.result)
    rows = [line.split("  ")[-1] for line in screen.getvalue().splitlines() if line.startswith("a")]
    assert rows == ["passed", "not judged"]


def test_what_could_not_be_checked_and_what_is_worth_knowing_are_lines(
    tmp_path: Path, terminal: pytest.TerminalReporter, screen: io.StringIO
) -> None:
    session = small_session(tmp_path)
    let_run(session, *PASSED, incoherences=("a and b disagree",), provides=Provides(identity=False, single=False))
    assert session.result is not None
    write_outcome(terminal, session, session.result)
    lines = screen.getvalue().splitlines()
    assert "f07: not possible with this server: Identity of the models, /infer answers the same" in lines
    assert "f07: warning: a and b disagree" in lines


def test_a_run_that_broke_has_the_servers_last_lines_in_place_of_a_table(
    tmp_path: Path, terminal: pytest.TerminalReporter, screen: io.StringIO
) -> None:
    session = small_session(tmp_path)
    let_run(session, *(broken_verdict(name, "no") for name in NAMES), broken="no")
    session.outputs.runtime.mkdir()
    session.outputs.server_log.write_text("first words\nlast words\n")
    session.note = "The run broke: no. No metadata was written."
    assert session.result is not None
    write_outcome(terminal, session, session.result)
    _, outcome, *others = screen.getvalue().splitlines()
    assert outcome == f"NOT COMPLETE: {session.note}"
    assert others == ["last lines of the server's log:", "  first words", "  last words"]


@pytest.mark.parametrize(("written", "place"), [(True, f" {REPORT}"), (False, "")])
def test_one_line_says_it_all(
    tmp_path: Path, terminal: pytest.TerminalReporter, screen: io.StringIO, written: bool, place: str
) -> None:
    session: ValidationSession = small_session(tmp_path)
    let_run(session, *FAILED)
    assert session.result is not None
    if written:
        session.outputs.report_html.write_text("whole")
    write_short_outcome(terminal, session, session.result)
    assert screen.getvalue().splitlines() == [f"f07: v701 FAILED: 1 of 2 models failed.{place}"]


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("written", [True, False])
def test_the_report_is_named_where_there_is_one_and_a_partial_sessions_folder(
    tmp_path: Path, terminal: pytest.TerminalReporter, screen: io.StringIO, whole: bool, written: bool
) -> None:
    session = small_session(tmp_path)
    let_run(session, *PASSED)
    session.all_selected = whole
    assert session.result is not None
    if written:
        session.result.outputs.report_html.write_text("whole")
    write_places(terminal, session, session.result)
    partial = f"f07: this session is partial; what it computed is in {session.staging}"
    expected = [*([f"f07: report: {REPORT}"] if written else []), *([] if whole else [partial])]
    assert screen.getvalue().splitlines() == expected
