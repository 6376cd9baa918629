"""Start the oracle's process beside the replay, ask it, and end it."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import numpy as np

from pytest_f07.errors import BrokenRun
from pytest_f07.replay.process import describe_exit
from pytest_f07.replay.replay import EXIT_TIMEOUT_S
from pytest_f07.variant.interpreter import child_environment, python_command
from pytest_f07.variant.wording import counted
from pytest_f07.windows import Float32Array, Int64Array

ANSWER_TIMEOUT_S = 600

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class OracleModel:
    """What the oracle has read of a model, by itself.

    :param vocabulary: how many codes it holds.
    :param sha256: of the model file.
    """

    threshold: float
    vocabulary: int
    sha256: str


class Oracle:
    """``python -m pytest_f07.oracle`` for one manifest; a context manager that leaves no process behind.

    :param manifest: the variant's manifest.json.
    :param models: the prediction names, in the manifest's order.
    """

    def __init__(self, manifest: Path, models: Sequence[str]) -> None:
        self._command = python_command("pytest_f07.oracle", str(manifest))
        self._models = list(models)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="f07-oracle")

    def __enter__(self) -> Oracle:
        self._log = tempfile.TemporaryFile()
        pipe = subprocess.PIPE
        environment = {**child_environment(), "TF_ENABLE_ONEDNN_OPTS": "0"}
        self._popen = subprocess.Popen(self._command, stdin=pipe, stdout=pipe, stderr=self._log, env=environment)
        self.models: Future[dict[str, OracleModel]] = self._thread.submit(self._read_models)
        return self

    def ask(self, rows: Mapping[str, Int64Array]) -> Future[Float32Array]:
        """Return the scores of rows of each dataset, ``[rows, models]``, once they are there; NaN for no number."""
        return self._thread.submit(self._ask_rows, rows)

    def ask_windows(self, windows: Mapping[str, Sequence[Sequence[int]]]) -> Future[dict[str, Float32Array]]:
        """Return each model's scores of windows that no dataset holds, to about 1e-7, once they are there.

        :param windows: by prediction_name.
        """
        return self._thread.submit(self._ask_windows, windows)

    def _read_models(self) -> dict[str, OracleModel]:
        line = self._popen.stdout.readline() if self._popen.stdout else b""
        if not line:
            raise self._death()
        models = {name: OracleModel(**described) for name, described in json.loads(line).items()}
        if list(models) != self._models:
            raise BrokenRun(f"the oracle answers for {', '.join(models)}; the manifest lists {', '.join(self._models)}")
        return models

    def _ask_rows(self, rows: Mapping[str, Int64Array]) -> Float32Array:
        windows, models = sum(map(len, rows.values())), len(self._models)
        question = {"rows": {dataset: each.tolist() for dataset, each in rows.items()}}
        subject = f"{counted(windows, 'window')} of {', '.join(rows)}"
        return self._ask(question, windows * models, subject).reshape(windows, models)

    def _ask_windows(self, windows: Mapping[str, Sequence[Sequence[int]]]) -> dict[str, Float32Array]:
        ends = np.cumsum([len(each) for each in windows.values()])
        scores = self._ask({"windows": windows}, int(ends[-1]), counted(int(ends[-1]), "window"))
        return dict(zip(windows, np.split(scores, ends[:-1]), strict=True))

    def _ask(self, question: Mapping[str, Any], scores: int, subject: str) -> Float32Array:
        header, answer = b"", b""
        if self._popen.stdin and self._popen.stdout:
            with suppress(OSError, ValueError):  # it died, and says below why
                self._popen.stdin.write(json.dumps(question).encode() + b"\n")
                self._popen.stdin.flush()
                header = self._popen.stdout.readline()
                answer = self._popen.stdout.read(int(header))
        if not header or len(answer) != int(header):
            raise self._death()
        if len(answer) != 4 * scores:
            raise BrokenRun(f"the oracle answered {len(answer):,} bytes for {subject}, which take {4 * scores:,}")
        return np.frombuffer(answer, "<f4").astype(np.float32)

    def _death(self) -> BrokenRun:
        self._log.seek(0)
        lines = self._log.read()[-4096:].decode("utf-8", "replace").splitlines()
        last = lines[-1].removeprefix("ERROR: ").rstrip(".") if lines else ""
        # Its pipe breaks a moment before the process is gone.
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(EXIT_TIMEOUT_S)
        reason = describe_exit(self._popen.returncode or 0, last)
        return BrokenRun(f"the oracle died ({reason}); equivalence: off in params.yaml does without it")

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


def wait_for_answer(answer: Future[Answer]) -> Answer:
    """Return the answer; raise :class:`BrokenRun` where the oracle died or takes too long for one block."""
    try:
        return answer.result(ANSWER_TIMEOUT_S)
    except FutureTimeout:
        raise BrokenRun(f"the oracle did not answer within {ANSWER_TIMEOUT_S} s") from None
