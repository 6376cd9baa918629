"""Write the end of a session to the terminal: the outcome first, then the models, and last where the report is."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from pytest_f07.plugin.session import ValidationSession
from pytest_f07.results import ci
from pytest_f07.variant.wording import counted, pace

if TYPE_CHECKING:
    from pytest_f07.results.run_result import RunResult

COLOURS = {"PASSED": "green", "FAILED": "red", "NOT COMPLETE": "yellow"}


def write_outcome(terminal: pytest.TerminalReporter, session: ValidationSession, result: RunResult) -> None:
    """Write the outcome, a table of the models, and what else is worth knowing."""
    word, sentence = ci.describe_outcome(result, session.note)
    colour = {COLOURS[word]: True}
    terminal.section(f"{result.variant} of package {result.package}", "=", bold=True, **colour)
    terminal.line(f"{word}: {sentence}", bold=True, **colour)
    if result.broken:
        _write_log_tail(terminal, result)
    elif result.verdicts:
        _write_models(terminal, result, session.outcomes.not_reported(result.verdicts))
    for text in result.resumed.sentences if result.resumed else ():
        terminal.line(f"f07: {text}")
    for text in result.comparison.summary if result.comparison else ():
        terminal.line(f"f07: {text}")
    for warning in result.warnings:
        terminal.line(f"f07: warning: {warning}")


def write_short_outcome(terminal: pytest.TerminalReporter, session: ValidationSession, result: RunResult) -> None:
    """Write the outcome and where the report is in one line."""
    word, sentence = ci.describe_outcome(result, session.note)
    report = result.outputs.report_html
    place = f" {result.manifest.project.show(report)}" if report.is_file() else ""
    terminal.line(f"f07: {result.variant} {word}: {sentence}{place}", **{COLOURS[word]: True})


def write_places(terminal: pytest.TerminalReporter, session: ValidationSession, result: RunResult) -> None:
    """Write where the report is, and, of a partial session, everything else."""
    show, outputs = result.manifest.project.show, result.outputs
    if outputs.report_html.is_file():
        terminal.line(f"f07: report: {show(outputs.report_html)}")
    if not session.all_selected:
        terminal.line(f"f07: this session is partial; what it computed is in {session.staging}")


def _write_models(terminal: pytest.TerminalReporter, result: RunResult, not_judged: list[str]) -> None:
    head, *lines = ci.format_table(result.verdicts, shutil.get_terminal_size().columns, not_judged)
    terminal.line(head)
    for text in lines:
        terminal.line(text, red=text.endswith(" failed"))
    if result.timings.completions:  # none where all of it was taken from a run that died
        windows = counted(result.counts["windows"], "window")
        terminal.line(f"f07: replay: {windows}, {pace(result.timings.windows_per_second)}")
    if missing := [check.title for check in result.checks if check.state == "not possible"]:
        terminal.line(f"f07: not possible with this server: {', '.join(missing)}")


def _write_log_tail(terminal: pytest.TerminalReporter, result: RunResult) -> None:
    if lines := result.log_tail:
        terminal.line("last lines of the server's log:")
        for text in lines:
            terminal.line(f"  {text}")
