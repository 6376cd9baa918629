"""A server's process, from its start to its end, and the last lines of its log."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from _pytest.compat import LEGACY_PATH

from pytest_f07.errors import BrokenRun
from pytest_f07.replay.process import LOG_TAIL_LINES, ServerCommand, ServerProcess, XProcess, log_tail

# Servers without a protocol: they write to their log when they would answer.
WAITS = """
import json, sys
print("early", flush=True)
with open(json.loads(sys.stdin.readline()), "a") as log:
    print("ready", file=log)
sys.stdin.read()
"""
WAITS_NOT = "import sys; print('ready', flush=True); sys.stdin.read()"
DIES = "import sys; sys.exit('ERROR: no TensorFlow.')"

Start = Callable[..., tuple[ServerProcess, Path]]


class Client:
    """A client that is answered when the log says so."""

    def __init__(self, log: Path) -> None:
        self._log = log

    def identity(self) -> dict[str, Any]:
        if "ready" not in (self._log.read_text() if self._log.is_file() else ""):
            raise ConnectionRefusedError
        return {"status": "ready"}


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Start]:
    """Make servers' processes of code; each is stopped after the test."""
    made = []

    def make(code: str, *options: str, timeout_s: float = 60) -> tuple[ServerProcess, Path]:
        log = tmp_path / "runtime" / "server.log"
        command = ServerCommand([sys.executable, "-c", code, *options], log, "nonce", timeout_s)
        xprocess = XProcess(SimpleNamespace(), LEGACY_PATH(tmp_path))
        made.append(ServerProcess(xprocess, command, socket.create_server(("127.0.0.1", 0))))
        return made[-1], log

    yield make
    for process in made:
        process.stop()


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def client(log: Path) -> Any:
    return Client(log)


def test_a_server_that_waits_writes_nothing_before_it_is_told_and_loses_no_line(make: Start) -> None:
    server, log = make(WAITS, "--wait")
    server.launch()
    early = server._early_log
    assert early is not None
    until(lambda: os.fstat(early.fileno()).st_size)
    assert not log.parent.exists()
    assert server.start(client(log)) == {"status": "ready"}
    assert log.read_text() == "early\nready\n"
    assert server.wait_for_exit(0) is None


@pytest.mark.parametrize(("code", "options"), [(WAITS, ["--wait"]), (WAITS_NOT, [])], ids=["waits", "does not"])
def test_a_server_that_was_not_started_early_is_started_then(make: Start, code: str, options: Sequence[str]) -> None:
    server, log = make(code, *options)
    log.parent.mkdir()
    log.write_text("of the run before\n")
    assert server.start(client(log)) == {"status": "ready"}
    assert "before" not in log.read_text()


@pytest.mark.parametrize("options", [["--wait"], []], ids=["waits", "does not"])
def test_one_that_dies_at_its_start_says_why(make: Start, options: Sequence[str]) -> None:
    server, log = make(DIES, *options)
    if options:
        server.launch()
        assert server._popen is not None
        server._popen.wait(60)
    with pytest.raises(BrokenRun, match=r"^the server died at start-up \(no TensorFlow\)$"):
        server.start(client(log))
    assert log.read_text() == "ERROR: no TensorFlow.\n"


def test_one_that_says_nothing_is_given_up(make: Start) -> None:
    server, log = make(WAITS_NOT.replace("ready", ""), timeout_s=0)
    with pytest.raises(BrokenRun, match="the server said nothing for 0 s after its start"):
        server.start(client(log))


@pytest.mark.parametrize("told", [True, False])
def test_none_is_left_behind_and_one_that_was_not_told_is_killed(make: Start, told: bool) -> None:
    server, log = make(WAITS, "--wait")
    server.launch()
    if told:
        server.start(client(log))
    popen = server._popen
    server.stop()
    server.stop()  # a second time does nothing
    assert popen is not None
    assert popen.returncode == (0 if told else -9)
    assert log.parent.exists() == told


def test_a_server_that_the_system_does_not_start_breaks_the_run_and_not_the_session(
    make: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: Any, **options: Any) -> None:
        raise BlockingIOError("Resource temporarily unavailable")

    server, log = make(WAITS, "--wait")
    monkeypatch.setattr(XProcess, "ensure", refuse)
    for begin in (server.launch, lambda: server.start(client(log))):
        with pytest.raises(BlockingIOError):
            begin()


def test_the_command_itself_says_that_it_waits() -> None:
    own = ServerCommand.of_manifest(Path("manifest.json"), Path("log"), "nonce", 1, waits=True)
    assert own.arguments[-1] == "manifest.json"
    assert own.waits
    assert replace(own, arguments=["taskset", "-c", "0", *own.arguments]).waits
    assert not replace(own, arguments=["my-server", own.arguments[-1]]).waits
    assert not ServerCommand.of_manifest(Path("manifest.json"), Path("log"), "nonce", 1).waits


def test_the_tail_is_the_last_lines_in_order(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    log.write_text("".join(f"line {number}\n" for number in range(100)))
    assert log_tail(log, 2) == ["line 98", "line 99"]
    assert log_tail(log) == [f"line {number}" for number in range(100 - LOG_TAIL_LINES, 100)]


@pytest.mark.parametrize(("text", "lines"), [(b"", []), (b"one", ["one"]), (b"one\n\ntwo\n", ["one", "", "two"])])
def test_a_short_log_is_its_own_tail(tmp_path: Path, text: bytes, lines: list[str]) -> None:
    log = tmp_path / "server.log"
    log.write_bytes(text)
    assert log_tail(log) == lines


def test_a_log_that_is_not_there_has_no_tail(tmp_path: Path) -> None:
    assert log_tail(tmp_path / "server.log") == []


def test_a_log_of_any_size_and_any_bytes_has_a_tail(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    log.write_bytes(b"\xf0\x9f\x98\x80" * 50_000 + b"\nkilled \xff\n")
    assert log_tail(log, 1) == ["killed \N{REPLACEMENT CHARACTER}"]
