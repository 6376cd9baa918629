"""Choose the windows of a model's own dataset about which the oracle is asked, while the answers come.

The first, the longest, those with codes outside the vocabulary, those nearest to the threshold, those asked about
through ``/infer``, and the rest spread over the dataset. Only scores that are numbers are chosen: others fail by
themselves. Memory is bounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pytest_f07.variant.package import Model
from pytest_f07.windows import Float32Array, Int8Array, Int64Array, windows_of

SAMPLE_ROWS = 1024
FIRST_ROWS = 64
LONGEST_ROWS = 128
UNKNOWN_ROWS = 128
NEAREST_ROWS = 256


@dataclass(frozen=True)
class RowScores:
    """Rows of a dataset and what one model answered in the replay; all of one length.

    :param rows: the row numbers.
    """

    rows: Int64Array
    y_pred: Int8Array
    y_prob: Float32Array

    def take(self, places: npt.NDArray[np.intp]) -> RowScores:
        """Return those at ``places``."""
        return RowScores(self.rows[places], self.y_pred[places], self.y_prob[places])

    @classmethod
    def empty(cls) -> RowScores:
        """Return no row."""
        return cls(np.zeros(0, np.int64), np.zeros(0, np.int8), np.zeros(0, np.float32))

    @classmethod
    def concat(cls, parts: Iterable[RowScores]) -> RowScores:
        """Return the rows of all parts, one part after another."""
        rows, y_pred, y_prob = zip(*((part.rows, part.y_pred, part.y_prob) for part in parts), strict=True)
        return cls(np.concatenate(rows), np.concatenate(y_pred), np.concatenate(y_prob))

    def distinct(self) -> RowScores:
        """Return each row once, ascending."""
        _, places = np.unique(self.rows, return_index=True)
        return self.take(places)


class SmallestK:
    """The rows with the smallest keys, the earlier row first where keys are equal."""

    def __init__(self, size: int) -> None:
        self._size, self.scores, self._keys = size, RowScores.empty(), np.zeros(0)

    def add(self, scores: RowScores, keys: npt.NDArray[np.float64]) -> None:
        """Keep those of the rows that are among the smallest."""
        keys = np.concatenate([self._keys, keys])
        order = np.argsort(keys, kind="stable")[: self._size]
        self.scores, self._keys = RowScores.concat([self.scores, scores]).take(order), keys[order]

    @property
    def is_full(self) -> bool:
        """Return whether no place is free."""
        return len(self._keys) == self._size


class WindowSampler:
    """The windows of one model.

    :param rows: the number of rows of its own dataset.
    :param infer_rows: rows that are asked about through ``/infer`` too.
    """

    def __init__(self, model: Model, rows: int, infer_rows: Sequence[int]) -> None:
        self._vocabulary = np.sort(np.array(model.vectorization.vocabulary, np.int64))
        self._threshold = np.float32(model.threshold)
        self._infer_rows = np.array(infer_rows, np.int64)
        self._spread_rows = np.unique(np.linspace(0, max(rows - 1, 0), SAMPLE_ROWS).astype(np.int64))
        self._first, self._longest = SmallestK(FIRST_ROWS), SmallestK(LONGEST_ROWS)
        self._nearest, self._unknown = SmallestK(NEAREST_ROWS), SmallestK(UNKNOWN_ROWS)
        self._infer, self._spread = [RowScores.empty()], [RowScores.empty()]

    def add(self, windows: pa.Array, scores: RowScores) -> None:
        """Consider windows that follow those before.

        :param windows: a list array; ``scores`` are of its rows.
        """
        decoded = windows_of(windows)
        lengths = np.diff(decoded.offsets)
        unknown = np.zeros(len(decoded), bool)
        if not self._unknown.is_full:
            outside = np.concatenate([[0], np.cumsum(~np.isin(decoded.codes, self._vocabulary))])
            unknown = np.diff(outside[decoded.offsets]) > 0
        finite = np.isfinite(scores.y_prob)
        [places] = np.nonzero(finite)
        numbers = scores.take(places)
        self._first.add(numbers, numbers.rows.astype(np.float64))
        self._longest.add(numbers, -lengths[places].astype(np.float64))
        self._nearest.add(numbers, np.abs(numbers.y_prob - self._threshold).astype(np.float64))
        [unknown_places] = np.nonzero(finite & unknown)
        self._unknown.add(scores.take(unknown_places), scores.rows[unknown_places].astype(np.float64))
        for parts, rows in ((self._infer, self._infer_rows), (self._spread, self._spread_rows)):
            parts.append(numbers.take(np.nonzero(np.isin(numbers.rows, rows))[0]))

    def sample(self) -> RowScores:
        """Return at most :data:`SAMPLE_ROWS` rows, ascending."""
        smallest = (self._first, self._longest, self._unknown, self._nearest)
        chosen = RowScores.concat([*(group.scores for group in smallest), *self._infer]).distinct()
        spread = RowScores.concat(self._spread)
        spread = spread.take(np.nonzero(~np.isin(spread.rows, chosen.rows))[0])
        if len(spread.rows):
            places = np.linspace(0, len(spread.rows) - 1, SAMPLE_ROWS - len(chosen.rows))
            spread = spread.take(np.unique(places.astype(np.intp)))
        return RowScores.concat([chosen, spread]).distinct()
