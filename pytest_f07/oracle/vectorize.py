"""Turn windows into model input by plain loops, as F05 does (specification §8): slow, and simple to check."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pytest_f07.vectorize import Vectorization


def vectorize(
    windows: Sequence[Sequence[int]], vectorization: Vectorization
) -> npt.NDArray[np.float32] | npt.NDArray[np.int32]:
    """Return the model's input ``[windows, width]``: float32 counts, or int32 indices in the vocabulary + 1."""
    return dense_bow(windows, vectorization) if vectorization.kind == "dense_bow" else sequence(windows, vectorization)


def dense_bow(windows: Sequence[Sequence[int]], vectorization: Vectorization) -> npt.NDArray[np.float32]:
    """Count each code of the vocabulary in each window."""
    column = {code: index for index, code in enumerate(vectorization.vocabulary)}
    counts = np.zeros((len(windows), vectorization.width), np.float32)
    for row, window in enumerate(windows):
        for code in window:
            if code in column:
                counts[row, column[code]] += 1
    return counts


def sequence(windows: Sequence[Sequence[int]], vectorization: Vectorization) -> npt.NDArray[np.int32]:
    """Return the index + 1 of each code of the vocabulary, the last ``width`` of them, zeros on the left."""
    index_of = {code: index + 1 for index, code in enumerate(vectorization.vocabulary)}
    padded = np.zeros((len(windows), vectorization.width), np.int32)
    for row, window in enumerate(windows):
        known = [index_of[code] for code in window if code in index_of][-vectorization.width :]
        for index, value in enumerate(known):
            padded[row, vectorization.width - len(known) + index] = value
    return padded
