"""Which windows of a model's own dataset the oracle is asked about: chosen while the answers come, in bounded memory.

The first, the longest, those with codes outside the vocabulary, those nearest to the threshold, those asked through
``/infer``, and the rest spread over the dataset. Only scores that are numbers are chosen: others fail by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pytest_f07.equivalence.process import Oracle
from pytest_f07.variant.dataset import Dataset
from pytest_f07.variant.package import Model
from pytest_f07.windows import BatchResult, Float32Array, Int8Array, Int64Array, windows_of

SIZE = 1024
FIRST = 64
LONGEST = 128
UNKNOWN = 128
NEAREST = 256
BLOCK = 8192


@dataclass(frozen=True)
class Scored:
    """Rows of a dataset and what one model said of them in the replay; all of one length."""

    rows: Int64Array
    y_pred: Int8Array
    y_prob: Float32Array

    def at(self, places: npt.NDArray[np.intp]) -> Scored:
        """Those at ``places``."""
        return Scored(self.rows[places], self.y_pred[places], self.y_prob[places])

    @classmethod
    def none(cls) -> Scored:
        """No row."""
        return cls(np.zeros(0, np.int64), np.zeros(0, np.int8), np.zeros(0, np.float32))

    @classmethod
    def together(cls, parts: Iterable[Scored]) -> Scored:
        """One after another."""
        rows, y_pred, y_prob = zip(*((one.rows, one.y_pred, one.y_prob) for one in parts), strict=True)
        return cls(np.concatenate(rows), np.concatenate(y_pred), np.concatenate(y_prob))


class _Least:
    """The rows with the least keys, the earlier row first where keys are equal."""

    def __init__(self, size: int) -> None:
        self._size, self.kept, self._keys = size, Scored.none(), np.zeros(0)

    def add(self, scored: Scored, keys: npt.NDArray[np.float64]) -> None:
        keys = np.concatenate([self._keys, keys])
        order = np.argsort(keys, kind="stable")[: self._size]
        self.kept, self._keys = Scored.together([self.kept, scored]).at(order), keys[order]

    @property
    def full(self) -> bool:
        return len(self._keys) == self._size


class Choice:
    """The windows of one model.

    :param rows: of its own dataset, in all.
    :param asked_alone: rows that are asked through ``/infer`` too.
    """

    def __init__(self, model: Model, rows: int, asked_alone: Sequence[int]) -> None:
        self._vocabulary = np.sort(np.array(model.vectorization.vocabulary, np.int64))
        self._threshold = np.float32(model.threshold)
        self._asked_alone = np.array(asked_alone, np.int64)
        self._spread_rows = np.unique(np.linspace(0, max(rows - 1, 0), SIZE).astype(np.int64))
        self._first, self._longest, self._nearest = _Least(FIRST), _Least(LONGEST), _Least(NEAREST)
        self._unknown = _Least(UNKNOWN)
        self._alone, self._spread = [Scored.none()], [Scored.none()]

    def add(self, windows: pa.Array, scored: Scored) -> None:
        """Look at windows that follow those before, and what the model said of them."""
        found = windows_of(windows)
        lengths = np.diff(found.offsets)
        unknown = np.zeros(len(found), bool)
        if not self._unknown.full:
            outside = np.concatenate([[0], np.cumsum(~np.isin(found.codes, self._vocabulary))])
            unknown = np.diff(outside[found.offsets]) > 0
        finite = np.isfinite(scored.y_prob)
        [places] = np.nonzero(finite)
        numbers = scored.at(places)
        self._first.add(numbers, numbers.rows.astype(np.float64))
        self._longest.add(numbers, -lengths[places].astype(np.float64))
        self._nearest.add(numbers, np.abs(numbers.y_prob - self._threshold).astype(np.float64))
        [strange] = np.nonzero(finite & unknown)
        self._unknown.add(scored.at(strange), scored.rows[strange].astype(np.float64))
        for kept, wanted in ((self._alone, self._asked_alone), (self._spread, self._spread_rows)):
            kept.append(numbers.at(np.nonzero(np.isin(numbers.rows, wanted))[0]))

    def chosen(self) -> Scored:
        """At most :data:`SIZE` rows, ascending."""
        kept = (self._first.kept, self._longest.kept, self._unknown.kept, self._nearest.kept)
        picked = _distinct(Scored.together([*kept, *self._alone]))
        spread = Scored.together(self._spread)
        spread = spread.at(np.nonzero(~np.isin(spread.rows, picked.rows))[0])
        if len(spread.rows):
            room = np.linspace(0, len(spread.rows) - 1, SIZE - len(picked.rows))
            spread = spread.at(np.unique(room.astype(np.intp)))
        return _distinct(Scored.together([picked, spread]))


def _distinct(scored: Scored) -> Scored:
    _, places = np.unique(scored.rows, return_index=True)
    return scored.at(places)


class Questions:
    """What the oracle is asked while the replay runs: each model's choice, once its own dataset is done.

    :param asked_alone: by dataset, the rows that are asked through ``/infer`` too.
    """

    def __init__(
        self, oracle: Oracle, models: Sequence[Model], datasets: Sequence[Dataset],
        asked_alone: dict[str, list[int]],
    ) -> None:  # fmt: skip
        self._oracle, self._models = oracle, models
        self._rows = {dataset.source_f04: dataset.rows for dataset in datasets}
        self._choices = {
            model.prediction_name: Choice(model, self._rows[model.source_f04], asked_alone.get(model.source_f04, []))
            for model in models
        }
        self._pending: list[BatchResult] = []
        self.asked: dict[str, tuple[Scored, Future[Float32Array]]] = {}

    def keep(self, batch: BatchResult) -> None:
        """Look at a batch; at the end of a dataset, ask about the models it is of."""
        self._pending.append(batch)
        source_f04, end = batch.dataset, batch.first_row + len(batch.windows)
        done = end == self._rows[source_f04]
        if done or end - self._pending[0].first_row >= BLOCK:
            self._look(source_f04, self._pending)
            self._pending = []
        if done:
            for model in self._models:
                if model.source_f04 == source_f04:
                    scored = self._choices.pop(model.prediction_name).chosen()
                    answer = self._oracle.ask(model.prediction_name, scored.rows.tolist())
                    self.asked[model.prediction_name] = scored, answer

    def _look(self, source_f04: str, pending: list[BatchResult]) -> None:
        windows = pa.concat_arrays([batch.windows for batch in pending])
        rows = np.arange(pending[0].first_row, pending[0].first_row + len(windows))
        for index, model in enumerate(self._models):
            if model.source_f04 == source_f04:
                y_pred = np.concatenate([batch.predictions.y_pred[:, index] for batch in pending])
                y_prob = np.concatenate([batch.predictions.y_prob[:, index] for batch in pending])
                self._choices[model.prediction_name].add(windows, Scored(rows, y_pred, y_prob))
