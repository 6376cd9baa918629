"""Ask the oracle beside the replay; its answers come in the order of the questions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from types import TracebackType
from typing import Any, TypeVar

import numpy as np

from pytest_f07.equivalence.child import OracleProcess
from pytest_f07.errors import BrokenRun
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
    """The oracle while it is asked; a context manager that leaves no process behind.

    :param process: the oracle's own; told to go when the context is entered.
    :param models: the prediction names, in the manifest's order.
    """

    def __init__(self, process: OracleProcess, models: Sequence[str]) -> None:
        self._process, self._models = process, list(models)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="f07-oracle")

    def __enter__(self) -> Oracle:
        self._process.go()
        self.models: Future[dict[str, OracleModel]] = self._thread.submit(self._read_models)
        return self

    def ask(self, rows: Mapping[str, Int64Array]) -> Future[Float32Array]:
        """Return the scores of rows of each dataset, ``[rows, models]``, once they are there; NaN for no number."""
        question = {"rows": {dataset: each.tolist() for dataset, each in rows.items()}}
        windows = sum(map(len, rows.values()))
        return self._thread.submit(self._ask, question, windows, f"{counted(windows, 'window')} of {', '.join(rows)}")

    def ask_windows(self, windows: Sequence[Sequence[int]]) -> Future[Float32Array]:
        """Return the scores of windows that no dataset holds, ``[windows, models]``, as :meth:`ask` does."""
        subject = counted(len(windows), "window")
        return self._thread.submit(self._ask, {"windows": windows}, len(windows), subject)

    def _read_models(self) -> dict[str, OracleModel]:
        if not (line := self._process.read_line()):
            raise self._process.explain_death()
        models = {name: OracleModel(**described) for name, described in json.loads(line).items()}
        if list(models) != self._models:
            raise BrokenRun(f"the oracle answers for {', '.join(models)}; the manifest lists {', '.join(self._models)}")
        return models

    def _ask(self, question: Mapping[str, Any], windows: int, subject: str) -> Float32Array:
        self._process.write(json.dumps(question).encode() + b"\n")
        header = self._process.read_line()
        answer = self._process.read(int(header)) if header else b""
        if not header or len(answer) != int(header):
            raise self._process.explain_death()
        wanted = windows * len(self._models)
        if len(answer) != 4 * wanted:
            raise BrokenRun(f"the oracle answered {len(answer):,} bytes for {subject}, which take {4 * wanted:,}")
        return np.frombuffer(answer, "<f4").astype(np.float32).reshape(windows, len(self._models))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()  # first, so that nobody waits for an answer
        self._thread.shutdown(cancel_futures=True)
        self._process.stop()


def wait_for_answer(answer: Future[Answer]) -> Answer:
    """Return the answer; raise :class:`BrokenRun` where the oracle died or takes too long for one block."""
    try:
        return answer.result(ANSWER_TIMEOUT_S)
    except FutureTimeout:
        raise BrokenRun(f"the oracle did not answer within {ANSWER_TIMEOUT_S} s") from None
