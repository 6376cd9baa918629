"""Turn windows into model input by plain loops, as F05 does (specification §8): slow, and simple to check."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Inputs = npt.NDArray[np.float32] | npt.NDArray[np.int32]


def vectorize(windows: Sequence[Sequence[int]], kind: str, vocabulary: Sequence[int], width: int) -> Inputs:
    """Return the input that a model was trained on, ``[windows, width]``.

    :param kind: ``dense_bow`` for float32 counts, ``sequence`` for int32 places in the vocabulary.
    """
    if kind == "dense_bow":
        return dense_bow(windows, vocabulary)
    return sequence(windows, vocabulary, width)


def dense_bow(windows: Sequence[Sequence[int]], vocabulary: Sequence[int]) -> npt.NDArray[np.float32]:
    """Count each code of the vocabulary in each window."""
    column = {code: index for index, code in enumerate(vocabulary)}
    counts = np.zeros((len(windows), len(vocabulary)), np.float32)
    for row, window in enumerate(windows):
        for code in window:
            if code in column:
                counts[row, column[code]] += 1
    return counts


def sequence(windows: Sequence[Sequence[int]], vocabulary: Sequence[int], width: int) -> npt.NDArray[np.int32]:
    """Return the index + 1 of each code of the vocabulary, the last ``width`` of them, zeros on the left."""
    index_of = {code: index + 1 for index, code in enumerate(vocabulary)}
    padded = np.zeros((len(windows), width), np.int32)
    for row, window in enumerate(windows):
        known = [index_of[code] for code in window if code in index_of][-width:]
        for index, value in enumerate(known):
            padded[row, width - len(known) + index] = value
    return padded
