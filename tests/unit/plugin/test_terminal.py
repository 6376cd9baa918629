"""What one session writes to the terminal and to a CI system."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from conftest import F07Project
from pytest_f07.plugin import terminal as module
from pytest_f07.plugin.session import ValidationSession
from pytest_f07.plugin.terminal import ProgressLine, Terminal, progress_text
from pytest_f07.replay import replay
from pytest_f07.replay.replay import Completion, Progress, Timings
from tests.unit.small_session import NAMES, failed_verdict, let_run, passed_verdict, small_session

TIMINGS = Timings((Completion(2.0, 2.0, 3000),))


class Screen(io.StringIO):
    """A file that pytest's terminal writes to."""

    def __init__(self, interactive: bool = False) -> None:
        super().__init__()
        self.interactive = interactive

    def isatty(self) -> bool:
        return self.interactive

    @property
    def lines(self) -> list[str]:
        return self.getvalue().splitlines()


Reporter = Callable[[Screen], pytest.TerminalReporter]


@pytest.fixture
def reporter(pytestconfig: pytest.Config) -> Reporter:
    """Return pytest's own terminal, which writes to a screen."""
    return lambda screen: pytest.TerminalReporter(pytestconfig, screen)


# -- the header


@pytest.mark.parametrize("sealed", [True, False])
def test_the_header_names_variant_package_and_what_is_set_aside(tmp_path: Path, sealed: bool) -> None:
    session = small_session(tmp_path, sealed=sealed)
    unsealed = [] if sealed else ["f07: the manifest is not sealed: an older tool made it"]
    lines = ["f07: v701 of package v601, 2 models, 1 dataset", *unsealed]
    assert Terminal(session).pytest_report_header() == lines
    session.selection.set_aside = ["tests", "--maxfail=1"]
    assert Terminal(session).pytest_report_header() == [*lines, "f07: set aside: tests --maxfail=1"]


# -- progress

TEXTS = {
    "under way": (450, "f07: v401  45 %, 50 windows/s, 11 s left"),
    "almost": (999, "f07: v401  99 %, 111 windows/s, 0 s left"),
    "nothing answered": (0, "f07: v401  0 %, 0 windows/s, 0 s left"),
    "all answered": (1000, "f07: 1,000 windows answered; metrics and pictures follow"),
}


def test_a_wait_for_the_oracle_is_named() -> None:
    waiting = "f07: waiting for the oracle, which computes each distinct window a second time"
    assert progress_text(Progress(1000, done=1000, is_oracle_awaited=True)) == waiting


@pytest.mark.parametrize(("done", "text"), TEXTS.values(), ids=TEXTS)
def test_progress_says_where_how_fast_and_how_long(monkeypatch: pytest.MonkeyPatch, done: int, text: str) -> None:
    monkeypatch.setattr(replay, "time", SimpleNamespace(perf_counter=lambda: 9.0))
    assert progress_text(Progress(1000, "v401", done, begin=0.0)) == text


def config(reporter: pytest.TerminalReporter, verbosity: int = 0, capture: object = None) -> Any:
    plugins = {"terminalreporter": reporter, "capturemanager": capture}
    return SimpleNamespace(pluginmanager=SimpleNamespace(get_plugin=plugins.get), get_verbosity=lambda: verbosity)


def show(line: ProgressLine, monkeypatch: pytest.MonkeyPatch, steps: list[tuple[float, str, int]]) -> None:
    """Show the progress at some seconds: the dataset and how many of 100 windows are answered."""
    for seconds, dataset, done in steps:
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda seconds=seconds: seconds))
        line.show(Progress(100, dataset, done, begin=0.0))


STEPS = [(1.0, "v401", 1), (1.1, "v401", 2), (1.25, "v401", 3), (2.0, "v402", 4), (2.1, "v402", 5), (2.2, "v402", 100)]


def test_a_plain_terminal_has_a_line_for_each_dataset_and_for_each_half_minute(
    reporter: Reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Screen()
    line = ProgressLine(config(reporter(screen)))
    line.begin()
    show(line, monkeypatch, STEPS[:3])
    assert screen.getvalue() == ""
    show(line, monkeypatch, [*STEPS[3:5], (32.0, "v402", 6), (33.0, "v402", 7), *[(34.0, "v402", 100)]])
    shares = [re.sub(r",.*", "", text) for text in screen.lines if text]
    assert shares == ["f07: v402  4 %", "f07: v402  6 %", "f07: 100 windows answered; metrics and pictures follow"]


def test_an_interactive_terminal_rewrites_one_line_five_times_a_second_and_clears_it(
    reporter: Reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Screen(interactive=True)
    terminal = reporter(screen)
    terminal.currentfspath = terminal.startpath / "executions" / "manifest.json"
    line = ProgressLine(config(terminal))
    line.begin()
    show(line, monkeypatch, STEPS)
    line.end()
    parts = [part.strip() for part in screen.getvalue().split("\r")]
    shares = [re.sub(r",.*", "", part) for part in parts if part.startswith("f07:")]
    answered = "f07: 100 windows answered; metrics and pictures follow"
    assert shares == ["f07: starting the server", "f07: v401  3 %", "f07: v402  4 %", answered]
    assert parts[-1] == "executions/manifest.json"
    assert "\n" not in screen.getvalue()


def test_an_interactive_line_stays_within_the_terminal(reporter: Reporter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    screen = Screen(interactive=True)
    line = ProgressLine(config(reporter(screen)))
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: 1.0))
    line.show(Progress(100, "v401", 100, begin=0.0))
    assert screen.getvalue().strip() == "f07: 100 windows answered; metrics and"


def test_progress_is_written_while_nothing_is_captured(reporter: Reporter, monkeypatch: pytest.MonkeyPatch) -> None:
    states = []

    class Watched(Screen):
        def write(self, text: str) -> int:
            states.append(capture.disabled)
            return super().write(text)

    class Capture:
        disabled = False

        @contextmanager
        def global_and_fixture_disabled(self) -> Iterator[None]:
            self.disabled = True
            yield
            self.disabled = False

    capture = Capture()
    line = ProgressLine(config(reporter(Watched(interactive=True)), capture=capture))
    line.begin()
    show(line, monkeypatch, STEPS)
    line.end()
    assert states
    assert all(states)
    assert not capture.disabled


def set_up(session: ValidationSession, host: Any, name: str, error: Exception | None = None) -> None:
    """Set a fixture up, whose run answers all windows, or raises ``error`` after one."""
    fixture: Any = SimpleNamespace(argname=name)
    request: Any = SimpleNamespace(config=host)
    hook = Terminal(session).pytest_fixture_setup(fixture, request)
    next(hook)
    session.on_progress(Progress(100, "v401", 1 if error else 100))
    if error:
        with pytest.raises(type(error)):
            hook.throw(error)
    else:
        with pytest.raises(StopIteration) as end:
            hook.send("the result")
        assert end.value.value == "the result"


PROGRESS = {
    "the run": ("f07_result", 0, "answered; metrics"),
    "quiet": ("f07_result", -1, ""),
    "another fixture": ("tmp_path", 0, ""),
}


@pytest.mark.parametrize(("name", "verbosity", "text"), PROGRESS.values(), ids=PROGRESS)
def test_the_run_alone_shows_its_progress_and_not_where_the_session_is_quiet(
    reporter: Reporter, tmp_path: Path, name: str, verbosity: int, text: str
) -> None:
    screen = Screen()
    set_up(small_session(tmp_path), config(reporter(screen), verbosity), name)
    assert (text in screen.getvalue()) if text else not screen.getvalue()


def test_the_line_goes_where_the_run_raises(reporter: Reporter, tmp_path: Path) -> None:
    screen = Screen(interactive=True)
    set_up(small_session(tmp_path), config(reporter(screen)), "f07_result", ValueError("no"))
    assert screen.getvalue().rstrip(" ").endswith("\r")


def test_an_interactive_session_has_one_line_of_progress_which_goes_away(f07_stub: F07Project) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "pytest", "--f07-variant=v701"]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(
        command, cwd=f07_stub.root, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        output = b""
        try:
            while part := os.read(ours, 65_536):
                output += part
        except OSError:  # Linux says so when the other end is closed
            pass
    os.close(ours)
    assert process.returncode == 0
    lines = [line.rstrip() for line in output.decode().replace("\r\n", "\n").split("\n")]
    [line] = [line for line in lines if "windows answered" in line]
    assert "\rf07: starting the server " in line
    assert re.fullmatch(r".*\r +\rexecutions/07_deployrun/v701/manifest\.json .*\[100%\].*", line)


# -- the end


def summary(session: ValidationSession, reporter: pytest.TerminalReporter, verbosity: int = 0) -> None:
    """Write the end of a session, with one line of pytest's between."""
    hook = Terminal(session).pytest_terminal_summary(reporter, config(reporter, verbosity))
    next(hook)
    reporter.line("FAILURES")
    with pytest.raises(StopIteration):
        next(hook)


PASSED, FAILED = [passed_verdict(name) for name in NAMES], [passed_verdict("a"), failed_verdict("a__b")]


@pytest.mark.parametrize("verbosity", [0, -1])
def test_the_outcome_comes_first_and_where_the_report_is_last_and_a_quiet_session_has_one_line(
    reporter: Reporter, tmp_path: Path, verbosity: int
) -> None:
    session, screen = small_session(tmp_path), Screen()
    let_run(session, *FAILED, timings=TIMINGS)
    session.outputs.report_html.write_text("whole")
    summary(session, reporter(screen), verbosity)
    report = "executions/07_deployrun/v701/report/report.html"
    if verbosity < 0:
        assert screen.lines == ["FAILURES", f"f07: v701 FAILED: 1 of 2 models failed. {report}"]
    else:
        between = screen.lines.index("FAILURES")
        assert screen.lines[1] == "FAILED: 1 of 2 models failed."
        assert any(line.startswith("f07: replay: ") for line in screen.lines[:between])
        assert screen.lines[between:] == ["FAILURES", f"f07: report: {report}"]


@pytest.mark.parametrize("note", [None, "2 of 2 models were not judged."])
@pytest.mark.parametrize("collect_only", [True, False])
def test_a_session_that_ran_nothing_ends_with_its_note_alone(
    reporter: Reporter, tmp_path: Path, note: str | None, collect_only: bool
) -> None:
    session, screen = small_session(tmp_path, collect_only), Screen()
    session.note = note
    summary(session, reporter(screen))
    assert screen.lines == ["FAILURES", *([f"f07: {note}"] if note else [])]


# -- CI


@pytest.mark.parametrize("github", [True, False])
def test_github_gets_annotations_of_failures_and_others_do_not(
    reporter: Reporter, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, github: bool
) -> None:
    session, screen = small_session(tmp_path), Screen()
    let_run(session, *FAILED)
    monkeypatch.setenv("GITHUB_ACTIONS", "true" if github else "false")
    summary(session, reporter(screen), verbosity=-1)
    assert screen.lines[2:] == (["::error title=F07-BOOKS a__b::no <balance>"] if github else [])


def test_the_step_summary_is_added_to_what_is_there(
    reporter: Reporter, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    session, path = small_session(tmp_path), tmp_path / "summary.md"
    let_run(session, *FAILED)
    path.write_text("an earlier step's\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    summary(session, reporter(Screen()))
    text = path.read_text()
    assert text.startswith("an earlier step's\n### ❌ FAILED: v701 of package v601\n\n1 of 2 models failed.\n")
    assert "| `a__b` | " in text
    assert "- `F07-BOOKS` `a__b`: " in text


def test_a_step_summary_that_cannot_be_written_is_a_warning(
    reporter: Reporter, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    session, screen = small_session(tmp_path), Screen()
    let_run(session, *PASSED)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path))
    summary(session, reporter(screen), verbosity=-1)
    assert screen.lines[2:] == [f"f07: warning: the step summary {tmp_path} cannot be written: Is a directory"]
