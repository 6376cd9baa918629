"""Start the oracle's process beside the replay, ask it, and end it."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import numpy as np

from pytest_f07.errors import BrokenRun
from pytest_f07.variant.interpreter import child_environment, python_command
from pytest_f07.variant.wording import counted
from pytest_f07.windows import Float32Array

ANSWER_TIMEOUT_S = 600


class Oracle:
    """``python -m pytest_f07.oracle`` for one manifest; a context manager that leaves no process behind.

    :param manifest: the variant's manifest.json.
    """

    def __init__(self, manifest: Path) -> None:
        self._command = python_command("pytest_f07.oracle", str(manifest))
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="f07-oracle")

    def __enter__(self) -> Oracle:
        self._log = tempfile.TemporaryFile()
        pipe = subprocess.PIPE
        self._popen = subprocess.Popen(
            self._command, stdin=pipe, stdout=pipe, stderr=self._log, env=child_environment()
        )
        return self

    def ask(self, prediction_name: str, rows: Sequence[int]) -> Future[Float32Array]:
        """Return the model's scores of ``rows`` of its own dataset, once they are there; NaN for what is no number."""
        return self._thread.submit(self._ask, prediction_name, list(rows))

    def _ask(self, prediction_name: str, rows: list[int]) -> Float32Array:
        question = json.dumps({"prediction_name": prediction_name, "rows": rows})
        answer = b""
        if self._popen.stdin and self._popen.stdout:
            with suppress(OSError, ValueError):  # it died, and says below why
                self._popen.stdin.write(question.encode() + b"\n")
                self._popen.stdin.flush()
                answer = self._popen.stdout.readline()
        if not answer:
            raise BrokenRun(f"the oracle died ({self._last_line()}); equivalence: off in params.yaml does without it")
        scores = np.array(json.loads(answer)["y_prob"], np.float32)  # null becomes NaN
        if len(scores) != len(rows):
            raise BrokenRun(
                f"the oracle answered {len(scores):,} of {counted(len(rows), 'window')} of {prediction_name}"
            )
        return scores

    def _last_line(self) -> str:
        self._log.seek(0)
        lines = self._log.read()[-4096:].decode("utf-8", "replace").splitlines()
        return lines[-1].removeprefix("ERROR: ").rstrip(".") if lines else "it said nothing"

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # The pipe's end ends it; it holds nothing that a kill could spoil.
        self._popen.kill()
        self._popen.wait()
        self._thread.shutdown(cancel_futures=True)
        for stream in (self._popen.stdin, self._popen.stdout, self._log):
            if stream is not None:
                with suppress(BrokenPipeError):  # a question that it did not live to read
                    stream.close()


def wait_for_answer(answer: Future[Float32Array]) -> Float32Array:
    """Return the scores; raise :class:`BrokenRun` where the oracle died or takes too long."""
    try:
        return answer.result(ANSWER_TIMEOUT_S)
    except FutureTimeout:
        raise BrokenRun(f"the oracle did not answer within {ANSWER_TIMEOUT_S} s") from None
