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
        return self._thread.submit(self._ask_rows, rows)

    def ask_windows(self, windows: Mapping[str, Sequence[Sequence[int]]]) -> Future[dict[str, Float32Array]]:
        """Return each model's scores of windows that no dataset holds, to about 1e-7, once they are there.

        :param windows: by prediction_name.
        """
        return self._thread.submit(self._ask_windows, windows)

    def _read_models(self) -> dict[str, OracleModel]:
        if not (line := self._process.read_line()):
            raise self._process.explain_death()
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
        self._process.write(json.dumps(question).encode() + b"\n")
        header = self._process.read_line()
        answer = self._process.read(int(header)) if header else b""
        if not header or len(answer) != int(header):
            raise self._process.explain_death()
        if len(answer) != 4 * scores:
            raise BrokenRun(f"the oracle answered {len(answer):,} bytes for {subject}, which take {4 * scores:,}")
        return np.frombuffer(answer, "<f4").astype(np.float32)

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
