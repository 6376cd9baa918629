"""Windows to model input, exactly as F05 did it (specification §8): counts, or padded sequences, in numpy.

Codes and offsets already are a sparse matrix by rows: one look-up of all codes and one scatter make the whole batch.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pytest_f07.variant.package import Vectorization
from pytest_f07.wire import Float32Array, Int64Array, Windows

Int32Array = npt.NDArray[np.int32]
TABLE_SPAN = 1 << 16


class Vocabulary:
    """The place of each code in F05's vocabulary.

    :param codes: distinct int64 codes in F05's order; they may be huge or negative.
    """

    def __init__(self, codes: Int64Array) -> None:
        self._order = np.argsort(codes)
        self._sorted = codes[self._order]
        self._least, most = int(self._sorted[0]), int(self._sorted[-1])
        self._table: Int64Array | None = None
        if most - self._least < TABLE_SPAN:
            # One entry more at each end stands for every code outside the span.
            self._table = np.full(most - self._least + 3, -1, np.int64)
            self._table[codes - self._least + 1] = np.arange(len(codes))
            self._bounds = (max(self._least - 1, -(2**63)), min(most + 1, 2**63 - 1))

    def positions(self, codes: Int64Array) -> Int64Array:
        """The index of each code in the vocabulary, -1 for a code outside it; int64 ``[codes]``."""
        if self._table is not None:
            inside = np.clip(codes, *self._bounds)
            positions: Int64Array = self._table[inside - self._least + 1]
            return positions
        places = np.minimum(np.searchsorted(self._sorted, codes), len(self._sorted) - 1)
        return np.where(self._sorted[places] == codes, self._order[places], -1)


def bag_of_words(windows: Windows, vocabulary: Vocabulary, width: int) -> Float32Array:
    """Count each vocabulary code in each window (F05's ``dense_bow``).

    :returns: float32 ``[windows, width]``; codes outside the vocabulary do not count.
    """
    positions = vocabulary.positions(windows.codes)
    cells = np.repeat(np.arange(len(windows)) * width, np.diff(windows.offsets)) + positions
    counts = np.bincount(cells[positions >= 0], minlength=len(windows) * width)
    return counts.reshape(len(windows), width).astype(np.float32)


def sequences(windows: Windows, vocabulary: Vocabulary, width: int) -> Int32Array:
    """Each code's index in the vocabulary + 1, the last ``width`` of them, padded with 0 on the left (``sequence``).

    :returns: int32 ``[windows, width]``; codes outside the vocabulary are dropped before the last are taken.
    """
    positions = vocabulary.positions(windows.codes)
    known = positions >= 0
    rows = np.repeat(np.arange(len(windows)), np.diff(windows.offsets))[known]
    ends = np.cumsum(np.bincount(rows, minlength=len(windows)))
    from_end = ends[rows] - np.arange(len(rows))
    kept = from_end <= width
    padded = np.zeros((len(windows), width), np.int32)
    padded[rows[kept], width - from_end[kept]] = positions[known][kept] + 1
    return padded


class Vectorizer:
    """Makes one kind of input; models with the same vectorization share it.

    :param made: what F05 wrote of it.
    """

    def __init__(self, made: Vectorization) -> None:
        self.width = made.width
        self.dtype: type[np.float32] | type[np.int32] = np.float32 if made.kind == "dense_bow" else np.int32
        self._make = bag_of_words if made.kind == "dense_bow" else sequences
        self._vocabulary = Vocabulary(np.array(made.vocabulary, np.int64))

    def __call__(self, windows: Windows) -> Float32Array | Int32Array:
        """The model input of ``windows``, ``[windows, width]`` of :attr:`dtype`."""
        return self._make(windows, self._vocabulary, self.width)
