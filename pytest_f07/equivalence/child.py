"""Start the oracle's process, talk to it, and end it."""

from __future__ import annotations

import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from pytest_f07.errors import BrokenRun
from pytest_f07.replay.process import describe_exit
from pytest_f07.replay.server import EXIT_TIMEOUT_S
from pytest_f07.variant.interpreter import child_environment, python_command

GO = b"go\n"


class OracleProcess:
    """``python -m pytest_f07.oracle`` for one manifest.

    It imports TensorFlow as soon as it is started, and opens the package when it is told to go.

    :param manifest: the variant's manifest.json.
    """

    def __init__(self, manifest: Path) -> None:
        self._command = python_command("pytest_f07.oracle", str(manifest))
        self._popen: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process, where that has not been done yet.

        :raises OSError: where the system starts none.
        """
        if self._popen is not None:
            return
        self._log = tempfile.TemporaryFile()
        pipe = subprocess.PIPE
        environment = {**child_environment(), "TF_ENABLE_ONEDNN_OPTS": "0"}
        self._popen = subprocess.Popen(self._command, stdin=pipe, stdout=pipe, stderr=self._log, env=environment)

    def go(self) -> None:
        """Start the process where that has not been done yet, and let it open the package."""
        self.start()
        self.write(GO)

    def write(self, line: bytes) -> None:
        """Write to the process. Where it has exited nothing is raised: the next read returns nothing."""
        if self._popen and self._popen.stdin:
            with suppress(OSError, ValueError):
                self._popen.stdin.write(line)
                self._popen.stdin.flush()

    def read_line(self) -> bytes:
        """Return its next line; nothing where it has died."""
        return self._popen.stdout.readline() if self._popen and self._popen.stdout else b""

    def read(self, size: int) -> bytes:
        """Return the next ``size`` bytes; fewer where it has died."""
        return self._popen.stdout.read(size) if self._popen and self._popen.stdout else b""

    def explain_death(self) -> BrokenRun:
        """Return why the process exited, with the last line that it wrote."""
        assert self._popen is not None, "what was never started is not gone"
        self._log.seek(0)
        lines = self._log.read()[-4096:].decode("utf-8", "replace").splitlines()
        last = lines[-1].removeprefix("ERROR: ").rstrip(".") if lines else ""
        # Its pipe breaks a moment before the process is gone.
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(EXIT_TIMEOUT_S)
        reason = describe_exit(self._popen.returncode or 0, last)
        return BrokenRun(f"the oracle died ({reason}); equivalence: off in params.yaml does without it")

    def kill(self) -> None:
        """End the process; it holds nothing that a kill could spoil."""
        if self._popen is not None:
            self._popen.kill()
            self._popen.wait()

    def stop(self) -> None:
        """End the process, and close what leads to it; to do so again does nothing."""
        self.kill()
        if self._popen is not None:
            for stream in (self._popen.stdin, self._popen.stdout, self._log):
                if stream is not None:
                    with suppress(BrokenPipeError):  # a question that it did not live to read
                        stream.close()
