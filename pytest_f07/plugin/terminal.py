"""What the terminal says: the replay's progress, a table at the end, and what a CI system reads."""

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
from pytest_f07.variant.wording import counted, pace

EVERY = 0.2
SPARSELY = 30.0


class Terminal:
    """The terminal of one session; quiet with ``-q``."""

    def __init__(self, session: ValidationSession) -> None:
        self.session, self.run = session, session.run

    def pytest_report_header(self) -> list[str]:
        """Say what is validated and what was set aside for it."""
        manifest, aside = self.run.manifest, self.session.selection.set_aside
        held = f"{counted(len(manifest.listed), 'model')}, {counted(len(manifest.datasets), 'dataset')}"
        lines = [f"f07: {self.run.variant} of package {manifest.package.name}, {held}"]
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
        if fixturedef.argname != "f07_verdicts" or request.config.get_verbosity() < 0:
            return (yield)
        line = ProgressLine(request.config)
        self.run.on_progress = line.show
        line.begin()
        try:
            return (yield)
        finally:
            line.end()

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
        """A table of the models, and what the items do not say."""
        say, run, session = terminalreporter, self.run, self.session
        if tail := run.log_tail():
            say.section("last lines of the server's log")
            for text in tail:
                say.line(text)
        if not run.started:
            if session.note:
                say.line(f"f07: {session.note}")
            return
        rows = [ci.cells(name, verdict) for name, verdict in run.verdicts.items()]
        if config.get_verbosity() >= 0 and rows and not run.broken:
            say.section(f"{run.variant} of package {run.manifest.package.name}")
            for text in ci.aligned([ci.HEADINGS, *rows]):
                say.line(text)
            windows = counted(sum(dataset.rows for dataset in run.datasets), "window")
            say.line(f"f07: replay: {windows}, {pace(run.timings.windows_per_second)}")
        if config.get_verbosity() >= 0:
            for warning in run.warnings:
                say.line(f"f07: warning: {warning}")
            if run.outputs.report_html.is_file():
                say.line(f"f07: report: {run.project.show(run.outputs.report_html)}")
        if not session.whole:
            if session.outcomes.not_judged(run.verdicts):
                say.line(f"f07: {session.note}")
            say.line(f"f07: this session is partial; what it computed is in {session.staging}")
        elif session.note:
            say.line(f"f07: {session.note}")
        elif config.get_verbosity() >= 0:
            say.line(f"f07: {run.project.show(run.outputs.metadata)} written: the run is complete")
        self._tell_ci(say)

    def _tell_ci(self, say: pytest.TerminalReporter) -> None:
        if os.environ.get("GITHUB_ACTIONS") == "true":
            for verdict in self.run.verdicts.values():
                for failure in verdict.failures:
                    say.line(ci.annotation(failure.code, verdict.prediction_name, failure.sentence))
        if path := os.environ.get("GITHUB_STEP_SUMMARY"):
            run = self.run
            text = ci.step_summary(run.variant, run.manifest.package.name, run.verdicts, self.session.note)
            try:
                with Path(path).open("a", encoding="utf-8") as file:
                    file.write(text)
            except OSError as error:
                say.line(f"f07: warning: the step summary {path} cannot be written: {error.strerror}")


class ProgressLine:
    """One line that is written again and again where the terminal is interactive, sparse lines where it is not."""

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
        """pytest captures the file that its own terminal writes to."""
        found: AbstractContextManager[None] = (
            self._capture.global_and_fixture_disabled() if self._capture else nullcontext()
        )
        return found

    def begin(self) -> None:
        """The server takes seconds to start."""
        if self._interactive:
            self._write("f07: starting the server")

    def show(self, progress: Progress) -> None:
        """Tell where the replay is, if it is time to."""
        last, self._last = self._last or progress, progress
        if last is progress:  # of the first answer nothing can be told
            self._written = time.monotonic()
        waited = time.monotonic() - self._written
        between = not self._interactive and last.dataset != progress.dataset
        if between or progress.done == progress.total or waited >= (EVERY if self._interactive else SPARSELY):
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
    return f"f07: {progress.dataset}  {share} %, {pace(progress.windows_per_second)}, {eta}"
