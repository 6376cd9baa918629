"""Turn windows into model input exactly as F05 does (specification §8): counts, or padded sequences, in numpy.

Codes and offsets already are a sparse matrix by rows: one look-up of all codes and one scatter make the whole batch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from pytest_f07.windows import Float32Array, Int64Array, Windows

Int32Array = npt.NDArray[np.int32]
MAX_TABLE_SPAN = 1 << 16


@dataclass(frozen=True)
class Vectorization:
    """The rule by which F05 turns a window into a row of numbers (specification §8).

    :param vocabulary: the codes in F05's order, distinct, each an int64.
    :param width: columns of the row: ``input_dim`` of dense_bow, ``max_len`` of sequence.
    """

    kind: Literal["dense_bow", "sequence"]
    vocabulary: tuple[int, ...]
    width: int


class Vocabulary:
    """A look-up of the index of each code in F05's vocabulary.

    :param codes: distinct int64 codes in F05's order; they may be huge or negative.
    """

    def __init__(self, codes: Int64Array) -> None:
        self._order = np.argsort(codes)
        self._sorted = codes[self._order]
        smallest, largest = int(self._sorted[0]), int(self._sorted[-1])
        self._table: Int64Array | None = None
        if largest - smallest < MAX_TABLE_SPAN and smallest > -(2**63):
            # One entry more at each end stands for every code outside the span.
            self._zero = smallest - 1
            self._table = np.zeros(largest - smallest + 3, np.int64)
            self._table[codes - self._zero] = np.arange(1, len(codes) + 1)

    def look_up(self, codes: Int64Array) -> Int64Array:
        """Return the index of each code in the vocabulary + 1, 0 for a code outside it; int64 ``[codes]``."""
        if self._table is not None:
            # A difference that wraps around lands far outside the span too.
            return self._table.take(codes - self._zero, mode="clip")
        positions = np.minimum(np.searchsorted(self._sorted, codes), len(self._sorted) - 1)
        return np.where(self._sorted[positions] == codes, self._order[positions] + 1, 0)


def bag_of_words(windows: Windows, vocabulary: Vocabulary, width: int) -> Float32Array:
    """Count each vocabulary code in each window (F05's ``dense_bow``).

    :returns: float32 ``[windows, width]``; codes outside the vocabulary do not count.
    """
    indices = vocabulary.look_up(windows.codes)
    # The first cell takes the codes outside.
    cells = (windows.rows * width + indices) * (indices > 0)
    counts = np.zeros(1 + len(windows) * width, np.float32)
    np.add.at(counts, cells, np.float32(1))
    return counts[1:].reshape(len(windows), width)


def sequences(windows: Windows, vocabulary: Vocabulary, width: int) -> Int32Array:
    """Return each code's index in the vocabulary + 1, the last ``width`` of them, padded with 0 on the left.

    :returns: int32 ``[windows, width]``; codes outside the vocabulary are dropped before the last are taken.
    """
    indices = vocabulary.look_up(windows.codes)
    known = indices > 0
    before = np.concatenate([[0], np.cumsum(known)])
    ends, lengths = before[windows.offsets[1:]], np.diff(before[windows.offsets])
    indices, positions = indices[known], np.arange(before[-1])
    # A window's last code stands in its row's last cell.
    cells = np.repeat(np.arange(1, len(windows) + 1) * width - ends, lengths) + positions
    if lengths.max(initial=0) > width:
        is_last = positions >= np.repeat(ends - width, lengths)
        indices, cells = indices[is_last], cells[is_last]
    padded = np.zeros(len(windows) * width, np.int32)
    padded[cells] = indices
    return padded.reshape(len(windows), width)


class Vectorizer:
    """Vectorize windows for the models that share a vectorization."""

    def __init__(self, vectorization: Vectorization) -> None:
        self.width = vectorization.width
        self._make: Callable[[Windows, Vocabulary, int], Float32Array | Int32Array]
        self.dtype: type[np.float32] | type[np.int32]
        match vectorization.kind:
            case "dense_bow":
                self._make, self.dtype = bag_of_words, np.float32
            case "sequence":
                self._make, self.dtype = sequences, np.int32
        self._vocabulary = Vocabulary(np.array(vectorization.vocabulary, np.int64))

    def __call__(self, windows: Windows) -> Float32Array | Int32Array:
        """Return the model input of ``windows``, ``[windows, width]`` of :attr:`dtype`."""
        return self._make(windows, self._vocabulary, self.width)
