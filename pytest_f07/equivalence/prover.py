"""Ask the oracle while a run replays, and compare the whole log with its answers in the end."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa

from pytest_f07.equivalence.child import OracleProcess
from pytest_f07.equivalence.comparison import Equivalence
from pytest_f07.equivalence.index import WindowIndex, build_index
from pytest_f07.equivalence.process import Oracle, OracleModel, wait_for_answer
from pytest_f07.equivalence.proof import Expectation, prove_log
from pytest_f07.equivalence.questions import Questions
from pytest_f07.errors import BrokenRun
from pytest_f07.replay.shards import Shard
from pytest_f07.variant.dataset import Dataset
from pytest_f07.variant.package import Model
from pytest_f07.variant.params import Params
from pytest_f07.windows import Float32Array


@dataclass(frozen=True)
class OracleAnswers:
    """What the oracle answered.

    :param models: what it read of each model, by prediction_name.
    :param scores: of the index's windows, ``[windows, models]``.
    """

    models: dict[str, OracleModel]
    scores: Float32Array


class Prover:
    """The distinct windows of a variant and the oracle's answers to them; a context manager that leaves no process.

    :param process: the oracle's, told to go when the context is entered; not used where params.yaml wants no oracle.
    """

    def __init__(
        self, process: OracleProcess, params: Params, models: Sequence[Model], datasets: Sequence[Dataset]
    ) -> None:
        self._params, self._models, self._datasets = params, models, datasets
        names = [model.prediction_name for model in models]
        self._oracle = None if params.equivalence.mode == "off" else Oracle(process, names)
        self._resources = ExitStack()

    def __enter__(self) -> Prover:
        # All of it beside the start of the server: the oracle has its questions when it has loaded the models.
        if self._oracle:
            self._resources.enter_context(self._oracle)
        thread = self._resources.enter_context(ThreadPoolExecutor(1, thread_name_prefix="f07-index"))
        self._index = thread.submit(self._build_index)
        self._questions = thread.submit(self._ask)
        return self

    @property
    def is_waited_for(self) -> bool:
        """Return whether the oracle has something left to answer."""
        if self._oracle is None:
            return False
        questions = self._questions.result() if self._questions.done() else None
        return questions is None or not questions.are_answered

    def wait(self) -> OracleAnswers | None:
        """Wait for the oracle's answers; None where params.yaml wants none.

        :raises BrokenRun: where it died, or takes too long.
        """
        questions = self._questions.result()
        if self._oracle is None or questions is None:
            return None
        return OracleAnswers(wait_for_answer(self._oracle.models), questions.scores(len(self._models)))

    def budget_left(self) -> int:
        """Return how many more windows the oracle may be asked about; 0 where it is not there."""
        if self._oracle is None:
            return 0
        return max(0, self._params.equivalence.most_windows(len(self._models)) - len(self._index.result()))

    def ask_windows(self, windows: Sequence[Sequence[int]]) -> Float32Array:
        """Return the oracle's scores of windows that no dataset holds, ``[windows, models]``.

        :raises BrokenRun: where it is not there, died, or takes too long.
        """
        if self._oracle is None:
            raise BrokenRun("equivalence is off")
        return wait_for_answer(self._oracle.ask_windows(windows))

    def look_up(self, windows: pa.Array, answers: OracleAnswers) -> Float32Array:
        """Return what the oracle answered about windows of the datasets, ``[windows, models]``; NaN where not asked."""
        places = self._index.result().places(windows)
        return np.where(places[:, None] >= 0, answers.scores[places], np.float32(np.nan))

    def compare(self, parquet: Path, shards: Sequence[Shard], answers: OracleAnswers | None) -> dict[str, Equivalence]:
        """Return the differences of the log from the oracle, and from itself where windows repeat, by prediction_name.

        :param parquet: the prediction log of all the shards.
        """
        tolerance, batch_size = self._params.equivalence.tolerance, self._params.batch_size
        scores = None if answers is None else answers.scores
        expectation = Expectation(self._index.result(), scores, tolerance, batch_size)
        return prove_log(parquet, shards, self._models, expectation).results()

    def _ask(self) -> Questions | None:
        index = self._index.result()  # there already: the thread builds it first
        return None if self._oracle is None else Questions(self._oracle, index, self._datasets)

    def _build_index(self) -> WindowIndex:
        vocabularies = [model.vectorization.vocabulary for model in self._models]
        most = self._params.equivalence.most_windows(len(self._models))
        return build_index(self._datasets, vocabularies, most, self._params.batch_size)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resources.close()
