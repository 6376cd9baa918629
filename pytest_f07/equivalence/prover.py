"""Ask the oracle while a run replays, and compare the whole log with its answers in the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from pytest_f07.equivalence.comparison import Equivalence
from pytest_f07.equivalence.index import WindowIndex, build_index
from pytest_f07.equivalence.process import Oracle, OracleModel, wait_for_answer
from pytest_f07.equivalence.proof import Expectation, prove_log
from pytest_f07.equivalence.questions import Questions
from pytest_f07.replay.shards import Shard
from pytest_f07.variant.dataset import Dataset
from pytest_f07.variant.package import Model
from pytest_f07.variant.params import Params
from pytest_f07.windows import Float32Array


class Prover:
    """The distinct windows of a variant and the oracle's answers to them; a context manager that leaves no process.

    :param manifest: the variant's manifest.json.
    """

    def __init__(self, manifest: Path, params: Params, models: Sequence[Model], datasets: Sequence[Dataset]) -> None:
        self._manifest, self._params, self._models, self._datasets = manifest, params, models, datasets
        self._resources = ExitStack()

    def __enter__(self) -> Prover:
        # Both while the server starts: the oracle loads TensorFlow too, and gives way to everything else.
        names = [model.prediction_name for model in self._models]
        is_off = self._params.equivalence.mode == "off"
        self._oracle = None if is_off else self._resources.enter_context(Oracle(self._manifest, names))
        thread = self._resources.enter_context(ThreadPoolExecutor(1, thread_name_prefix="f07-index"))
        self._index = thread.submit(self._build_index)
        return self

    def ask(self) -> None:
        """Send the oracle every question, where params.yaml wants one."""
        index = self._index.result()
        self._questions = None if self._oracle is None else Questions(self._oracle, index, self._datasets)

    def wait(self) -> None:
        """Wait for the oracle's answers.

        :raises BrokenRun: where it died, or takes too long.
        """
        self.models: Mapping[str, OracleModel] | None = None
        self._scores: Float32Array | None = None
        if self._oracle and self._questions:
            self.models = wait_for_answer(self._oracle.models)
            self._scores = self._questions.scores(len(self._models))

    def compare(self, parquet: Path, shards: Sequence[Shard]) -> dict[str, Equivalence]:
        """Return the differences of the log from the oracle, and from itself where windows repeat, by prediction_name.

        :param parquet: the prediction log of all the shards.
        """
        tolerance, batch_size = self._params.equivalence.tolerance, self._params.batch_size
        expectation = Expectation(self._index.result(), self._scores, tolerance, batch_size)
        return prove_log(parquet, shards, self._models, expectation).results()

    def _build_index(self) -> WindowIndex:
        vocabularies = [model.vectorization.vocabulary for model in self._models]
        most = self._params.equivalence.most_windows(len(self._models))
        return build_index(self._datasets, vocabularies, most, self._params.batch_size)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resources.close()
