"""Start the server through pytest-xprocess, wait until it answers as this run's server, and end it.

pytest-xprocess knows a running process by a bare PID in a file that it never deletes. After a crash or a reboot that
PID can be anybody's, so the file is dropped before and after each use: nothing that this run did not start is killed.
"""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from xprocess import ProcessStarter
from xprocess import XProcess as XProcess  # the fixture's type, for whoever hands it over

from pytest_f07.errors import BrokenRun
from pytest_f07.variant.interpreter import child_environment, python_command

if TYPE_CHECKING:
    from pytest_f07.endpoints.endpoint import Endpoint

WAIT = "--wait"
STOP_TIMEOUT_S = 10
POLL_S = 0.1
LOG_TAIL_LINES = 15
_REMARK = re.compile(r"[IWEF][0-9]{4} |WARNING: All log")


@dataclass(frozen=True)
class ServerCommand:
    """The command that starts a server.

    :param arguments: the command, which must accept ``--socket`` and ``--nonce`` after them.
    :param start_timeout_s: seconds until it must answer.
    """

    arguments: Sequence[str]
    log: Path
    nonce: str
    start_timeout_s: float

    @classmethod
    def of_manifest(
        cls, manifest: Path, log: Path, nonce: str, start_timeout_s: float, waits: bool = False
    ) -> ServerCommand:
        """Return the command of this project's own server for ``manifest``.

        :param waits: start it before the package is checked; it reads nothing of it until it is told to.
        """
        options = [WAIT] if waits else []
        return cls(python_command("pytest_f07.server", *options, str(manifest)), log, nonce, start_timeout_s)

    @property
    def waits(self) -> bool:
        """Return whether the server opens no file until a line on its standard input names its log.

        The command itself says so: whoever puts another one in its place has not to know of it.
        """
        return WAIT in self.arguments


class ServerProcess:
    """A server of this run, from start to stop.

    :param xprocess: pytest-xprocess's own fixture.
    :param listener: the listening socket that the server inherits; closed here once it has.
    """

    def __init__(self, xprocess: XProcess, command: ServerCommand, listener: socket.socket) -> None:
        self._xprocess, self._command, self._listener = xprocess, command, listener
        self._name = "f07-server"
        self._popen: subprocess.Popen[bytes] | None = None
        # What a server says before it is told where its log is.
        self._early_log: IO[bytes] | None = None

    def launch(self) -> None:
        """Start a server that waits, so that it imports what it needs while the package is checked.

        :raises OSError: where the system starts none.
        """
        assert self._command.waits, "another server reads its package at once"
        with ExitStack() as stack:
            early_log = stack.enter_context(tempfile.TemporaryFile())
            self._spawn(early_log)
            stack.pop_all()
        self._early_log = early_log

    def start(self, client: Endpoint[Any]) -> dict[str, Any]:
        """Start the server or tell it to go, wait until it answers as this run's, and return its answer to ``GET /``.

        :raises BrokenRun: at once where it ends, with the last line of its log.
        """
        command = self._command
        command.log.parent.mkdir(parents=True, exist_ok=True)
        if command.waits:
            if self._early_log is None:
                self.launch()
            self._say_go()
        else:
            with command.log.open("wb") as log:
                self._spawn(log)
        return self._wait_for_answer(client)

    def _spawn(self, log: IO[bytes]) -> None:
        command, listener = self._command, self._listener

        class Starter(ProcessStarter):  # type: ignore[misc]  # xprocess has no types
            args = [*command.arguments, "--socket", str(listener.fileno()), "--nonce", command.nonce]  # noqa: RUF012 - xprocess reads it so
            terminate_on_interrupt = True
            env = child_environment()
            # pass_fds hands the socket over, and the pipe on stdin ends the server when this process dies.
            popen_kwargs = {"stdin": subprocess.PIPE, "stdout": log, "pass_fds": [listener.fileno()]}  # noqa: RUF012 - as above

            def wait(self, log_file: object) -> bool:
                return True  # xprocess would sleep first: the answer is awaited at the socket

        self._forget_pid()
        self._xprocess.log = logging.getLogger(__name__)
        self._xprocess.ensure(self._name, Starter, restart=True, persist_logs=False)
        self._popen = self._xprocess.resources[-1].popen
        listener.close()
        # xprocess would read its own, empty log at every report, also after closing it.
        self._xprocess.config._extlogfiles.pop(self._name)

    def _say_go(self) -> None:
        """Let the server write to its log from here on, and read the package."""
        assert self._early_log is not None
        assert self._popen is not None
        assert self._popen.stdin is not None
        log = self._command.log.absolute()
        with self._early_log as early_log:
            size = os.fstat(early_log.fileno()).st_size
            log.write_bytes(os.pread(early_log.fileno(), size, 0))  # the server's place in it must not move
        with suppress(OSError):  # it has died, which is noticed where it is awaited
            os.write(self._popen.stdin.fileno(), json.dumps(str(log)).encode() + b"\n")

    def _wait_for_answer(self, client: Endpoint[Any]) -> dict[str, Any]:
        """Ask at the listening socket, where the question waits until the server takes it."""
        end = time.monotonic() + self._command.start_timeout_s
        while True:
            try:
                return client.identity()
            except OSError:
                if (reason := self.wait_for_exit(POLL_S)) is not None:
                    raise BrokenRun(f"the server died at start-up ({reason})") from None
            if time.monotonic() > end:
                raise BrokenRun(f"the server said nothing for {self._command.start_timeout_s:g} s after its start")

    def exit_reason(self) -> str:
        """Return the last line of its log that is no remark of TensorFlow, and the signal that ended it, if any."""
        return exit_reason(self._command.log, self._popen.returncode if self._popen else 0)

    def has_exited(self) -> bool:
        """Return whether the process has ended."""
        return self._popen is None or self._popen.poll() is not None

    def wait_for_exit(self, seconds: float) -> str | None:
        """Return why it ended; None where it does not end within ``seconds``.

        A connection breaks a moment before its process is gone.
        """
        try:
            if self._popen is not None:
                self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        return self.exit_reason()

    def stop(self) -> None:
        """End the server by closing its standard input, and by a signal where it hangs."""
        self._listener.close()
        if self._popen is None:
            # An interrupt before the first look at the child: xprocess has it.
            started = [resource.popen for resource in self._xprocess.resources if resource.popen]
            self._popen = started[-1] if started else None
        if self._popen is not None:
            if self._early_log is not None and not self._early_log.closed:
                self._popen.kill()  # it was not told to go, and has opened nothing
                self._early_log.close()
            end_process(self._popen)
        self._forget_pid()

    def _forget_pid(self) -> None:
        Path(self._xprocess.getinfo(self._name).pidpath).unlink(missing_ok=True)


def end_process(popen: subprocess.Popen[bytes]) -> None:
    """End a server by closing its standard input, and by a signal where it hangs."""
    if popen.stdin:
        popen.stdin.close()
    actions: list[Callable[[], None]] = [lambda: None, popen.terminate, popen.kill]
    for action in actions:
        action()
        try:
            popen.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            continue
        return


def exit_reason(log: Path, code: int) -> str:
    """Return the last line of a server's log that is no remark of TensorFlow, and the signal that ended it, if any."""
    lines = [line for line in log_tail(log) if not _REMARK.match(line)]
    return describe_exit(code, lines[-1].removeprefix("ERROR: ").rstrip(".") if lines else "")


def describe_exit(code: int, last_line: str) -> str:
    """Return why a process ended: the signal, if it was one, and the last line that it wrote."""
    if code >= 0:
        return last_line or "it said nothing"
    words = f"its last words: {last_line}" if last_line else "it said nothing"
    return f"by {signal.Signals(-code).name}; {words}"


def log_tail(log: Path, lines: int = LOG_TAIL_LINES) -> list[str]:
    """Return the last lines of a server's log."""
    if not log.is_file():
        return []
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 65_536))
        return file.read().decode("utf-8", "replace").splitlines()[-lines:]
