"""Write to the terminal: the replay's progress, a table at the end, and annotations for a CI system."""

from __future__ import annotations

import os
import time
from collections.abc import Generator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

from pytest_f07.plugin.session import ValidationSession
from pytest_f07.replay.replay import Progress
from pytest_f07.results import ci
from pytest_f07.results.run_result import RunResult
from pytest_f07.variant.wording import counted, pace

INTERACTIVE_INTERVAL_S = 0.2
PLAIN_INTERVAL_S = 30.0


class Terminal:
    """The terminal of one session; quiet with ``-q``."""

    def __init__(self, session: ValidationSession) -> None:
        self.session = session

    def pytest_report_header(self) -> list[str]:
        """Return the header's lines: the variant, and the options set aside."""
        manifest, aside = self.session.manifest, self.session.selection.set_aside
        size = f"{counted(len(manifest.listed), 'model')}, {counted(len(manifest.datasets), 'dataset')}"
        lines = [f"f07: {manifest.paths.name} of package {manifest.package.name}, {size}"]
        if manifest.files is None:
            lines.append("f07: the manifest is not sealed: an older tool made it")
        if aside:
            lines.append(f"f07: set aside: {' '.join(aside)}")
        return lines

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[object], request: pytest.FixtureRequest
    ) -> Generator[None, object, object]:
        """Show the replay's progress while it is under way."""
        if fixturedef.argname != "f07_result" or request.config.get_verbosity() < 0:
            return (yield)
        line = ProgressLine(request.config)
        self.session.on_progress = line.show
        line.begin()
        try:
            return (yield)
        finally:
            line.end()

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
        """Show a table of the models, and the session's notes."""
        session, result = self.session, self.session.result
        if result is None or not session.started:
            if session.note:
                terminalreporter.line(f"f07: {session.note}")
            return
        self._show(terminalreporter, result, quiet=config.get_verbosity() < 0)
        _write_ci(terminalreporter, result, session.note)

    def _show(self, terminal: pytest.TerminalReporter, result: RunResult, quiet: bool) -> None:
        session, show = self.session, result.manifest.project.show
        if result.broken and result.log_tail:
            terminal.section("last lines of the server's log")
            for text in result.log_tail:
                terminal.line(text)
        elif result.verdicts and not result.broken and not quiet:
            terminal.section(f"{result.variant} of package {result.package}")
            rows = [ci.model_cells(name, verdict) for name, verdict in result.verdicts.items()]
            for text in ci.align_rows([ci.HEADINGS, *rows]):
                terminal.line(text)
            windows = counted(result.counts["windows"], "window")
            if result.outcome_text != result.outcome:
                names = ", ".join(check.title for check in result.checks if check.state == "not possible")
                terminal.line(f"f07: {result.outcome_text}: {names}" if names else f"f07: {result.outcome_text}")
            if result.timings.completions:  # none where all of it was taken from a run that died
                terminal.line(f"f07: replay: {windows}, {pace(result.timings.windows_per_second)}")
        if not quiet:
            for sentence in result.resumed.sentences if result.resumed else ():
                terminal.line(f"f07: {sentence}")
            for sentence in result.comparison.summary if result.comparison else ():
                terminal.line(f"f07: {sentence}")
            for warning in result.warnings:
                terminal.line(f"f07: warning: {warning}")
            if result.outputs.report_html.is_file():
                terminal.line(f"f07: report: {show(result.outputs.report_html)}")
        if not session.all_selected:
            if session.outcomes.not_judged(session.verdicts):
                terminal.line(f"f07: {session.note}")
            terminal.line(f"f07: this session is partial; what it computed is in {session.staging}")
        elif session.note:
            terminal.line(f"f07: {session.note}")
        elif not quiet:
            terminal.line(f"f07: {show(result.outputs.metadata)} written: the run is complete")


def _write_ci(terminal: pytest.TerminalReporter, result: RunResult, note: str | None) -> None:
    """Write GitHub's annotations and step summary, where GitHub runs the session."""
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for verdict in result.verdicts.values():
            for failure in verdict.failures:
                terminal.line(ci.format_annotation(failure.code, verdict.prediction_name, failure.sentence))
    if path := os.environ.get("GITHUB_STEP_SUMMARY"):
        compared = result.comparison.summary if result.comparison else []
        text = ci.format_step_summary(
            result.variant, result.package, result.verdicts, note, compared, result.own_checks
        )
        try:
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            terminal.line(f"f07: warning: the step summary {path} cannot be written: {error.strerror}")


class ProgressLine:
    """A line that is rewritten where the terminal is interactive; a line every 30 seconds where it is not."""

    def __init__(self, config: pytest.Config) -> None:
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        assert reporter is not None, "a session without it is refused"
        self._reporter: pytest.TerminalReporter = reporter
        self._capture = config.pluginmanager.get_plugin("capturemanager")
        self._interactive = bool(self._reporter.isatty)
        self._place = self._reporter.currentfspath
        self._last: Progress | None = None
        self._written = time.monotonic()

    def _uncaptured(self) -> AbstractContextManager[None]:
        """Return a context without capture: pytest captures the file that its own terminal writes to."""
        context: AbstractContextManager[None] = (
            self._capture.global_and_fixture_disabled() if self._capture else nullcontext()
        )
        return context

    def begin(self) -> None:
        """Show that the server is starting, which takes seconds."""
        if self._interactive:
            self._write("f07: starting the server")

    def show(self, progress: Progress) -> None:
        """Show the replay's progress where the interval has passed."""
        last, self._last = self._last or progress, progress
        if last is progress:  # the first answer gives no pace
            self._written = time.monotonic()
        waited = time.monotonic() - self._written
        between = not self._interactive and last.dataset != progress.dataset
        if (
            between
            or progress.done == progress.total
            or waited >= (INTERACTIVE_INTERVAL_S if self._interactive else PLAIN_INTERVAL_S)
        ):
            self._write(progress_text(progress))

    def _write(self, text: str) -> None:
        self._written = time.monotonic()
        with self._uncaptured():
            if self._interactive:
                self._reporter.rewrite(text, erase=True)
            else:
                self._reporter.write_line(text)
            self._reporter.flush()

    def end(self) -> None:
        """Go back to where pytest was in its own line."""
        place, reporter = self._place, self._reporter
        text = place if isinstance(place, str) else ""
        if isinstance(place, Path):
            text = f"{os.path.relpath(place, reporter.startpath)} "
        with self._uncaptured():
            if self._interactive:
                reporter.rewrite("", erase=True)
                reporter.rewrite(text)
            elif self._last is not None:
                reporter.write(text)
            reporter.currentfspath = place
            reporter.flush()


def progress_text(progress: Progress) -> str:
    """Return ``f07: v401  45 %, 12,000 windows/s, 20 s left``."""
    if progress.done == progress.total:
        return f"f07: {counted(progress.total, 'window')} answered; metrics and pictures follow"
    share = 100 * progress.done // progress.total
    eta = f"{progress.eta_seconds:,.0f} s left"
    workers = f"; {progress.workers}" if progress.workers else ""
    return f"f07: {progress.dataset}  {share} %, {pace(progress.windows_per_second)}, {eta}{workers}"
