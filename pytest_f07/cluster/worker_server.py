"""Start a server as a child of a worker's process, wait until it answers as this run's server, and end it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

from pytest_f07.endpoints.f07 import Client
from pytest_f07.errors import BrokenRun
from pytest_f07.replay.process import ServerCommand, end_process, exit_reason
from pytest_f07.replay.replay import explain_break
from pytest_f07.variant.listen import listen

HOST = "127.0.0.1"
POLL_S = 0.1


class WorkerServer:
    """A server on a worker; it ends with the pipe on its standard input, so with the worker's process.

    :param names: the prediction names, in order.
    :param manifest_sha256: that it must serve.
    :param environment: all of its variables.
    """

    def __init__(
        self,
        command: ServerCommand,
        names: tuple[str, ...],
        manifest_sha256: str,
        environment: Mapping[str, str],
        timeout_s: float,
    ) -> None:
        self._command, self._names, self._manifest_sha256 = command, names, manifest_sha256
        self._environment, self._timeout_s = environment, timeout_s
        self._popen: subprocess.Popen[bytes] | None = None
        self._port = 0

    def start(self) -> dict[str, Any]:
        """Start the server, wait until it answers, and return its answer to ``GET /``.

        :raises BrokenRun: where it ends, or does not answer in time.
        """
        listener, command = listen(HOST, 0), self._command
        self._port = listener.getsockname()[1]
        command.log.parent.mkdir(parents=True, exist_ok=True)
        arguments = [*command.arguments, "--socket", str(listener.fileno()), "--nonce", command.nonce]
        with listener, command.log.open("wb") as log:
            self._popen = subprocess.Popen(
                arguments,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[listener.fileno()],
                env=dict(self._environment),
            )
        try:
            return self._wait_for_answer()
        except BaseException:
            self.stop()
            raise

    def _wait_for_answer(self) -> dict[str, Any]:
        end = time.monotonic() + self._command.start_timeout_s
        while time.monotonic() < end:
            try:
                with closing(self._connect()) as client:
                    return client.identity()
            except OSError:
                if self.has_exited():
                    raise BrokenRun(f"the server died at start-up ({self.wait_for_exit(0)})") from None
                time.sleep(POLL_S)
        raise BrokenRun(f"the server said nothing for {self._command.start_timeout_s:g} s after its start")

    @contextmanager
    def connection(self) -> Iterator[Client]:
        """Yield a client that has made sure that the server is this run's.

        :raises BrokenRun: where it is another one, or is gone.
        """
        with closing(self._connect()) as client:
            try:
                client.identity()
            except OSError as error:
                raise explain_break(error, "GET /", self._timeout_s, self.wait_for_exit) from None
            yield client

    def _connect(self) -> Client:
        return Client(HOST, self._port, self._names, self._manifest_sha256, self._command.nonce, self._timeout_s)

    def has_exited(self) -> bool:
        """Return whether the process has ended."""
        return self._popen is None or self._popen.poll() is not None

    def wait_for_exit(self, seconds: float) -> str | None:
        """Return why it ended; None where it does not end within ``seconds``."""
        if self._popen is None:
            return "it was stopped"
        try:
            code = self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        return exit_reason(self._command.log, code)

    def stop(self) -> None:
        """End the server; nothing where there is none."""
        popen, self._popen = self._popen, None
        if popen is not None:
            end_process(popen)
