"""Write to the terminal: the replay's progress, the end of the session, and annotations for a CI system."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Generator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_f07.plugin.session import ValidationSession
from pytest_f07.plugin.summary import write_outcome, write_places, write_short_outcome
from pytest_f07.results import ci
from pytest_f07.variant.wording import counted, pace

if TYPE_CHECKING:
    from pytest_f07.replay.replay import Progress
    from pytest_f07.results.run_result import RunResult

INTERACTIVE_INTERVAL_S = 0.2
PLAIN_INTERVAL_S = 30.0


class Terminal:
    """The terminal of one session; one line with ``-q``."""

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

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter, config: pytest.Config
    ) -> Generator[None]:
        """Show the outcome before the failures that pytest shows, and where the report is after them."""
        session, result, quiet = self.session, self.session.result, config.get_verbosity() < 0
        if result is None or not session.started:
            yield
            if session.note:
                terminalreporter.line(f"f07: {session.note}")
            return
        if not quiet:
            write_outcome(terminalreporter, session, result)
        yield
        if quiet:
            write_short_outcome(terminalreporter, session, result)
        else:
            write_places(terminalreporter, session, result)
        _write_ci(terminalreporter, session, result)


def _write_ci(terminal: pytest.TerminalReporter, session: ValidationSession, result: RunResult) -> None:
    """Write GitHub's annotations and step summary, where GitHub runs the session."""
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for verdict in result.verdicts.values():
            for failure in verdict.failures:
                terminal.line(ci.format_annotation(failure.code, verdict.prediction_name, failure.sentence))
    if path := os.environ.get("GITHUB_STEP_SUMMARY"):
        text = ci.format_step_summary(result, session.note, session.outcomes.not_reported(result.verdicts))
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
                # A line that is too long would go on in a second, which nothing takes away.
                self._reporter.rewrite(text[: shutil.get_terminal_size().columns - 1], erase=True)
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
    if progress.is_oracle_awaited:
        return "f07: waiting for the oracle, which computes each distinct window a second time"
    if progress.done == progress.total:
        return f"f07: {counted(progress.total, 'window')} answered; metrics and pictures follow"
    share = 100 * progress.done // progress.total
    eta = f"{progress.eta_seconds:,.0f} s left"
    workers = f"; {progress.workers}" if progress.workers else ""
    return f"f07: {progress.dataset}  {share} %, {pace(progress.windows_per_second)}, {eta}{workers}"
