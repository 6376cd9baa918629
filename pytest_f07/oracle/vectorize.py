"""Turn windows into model input by plain loops, as F05 does (specification §8): slow, and easy to check."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pytest_f07.vectorize import Vectorization


def vectorize(windows: Sequence[Sequence[int]], made: Vectorization) -> npt.NDArray[np.float32] | npt.NDArray[np.int32]:
    """Return what a model was trained on: ``[windows, width]``, float32 counts or int32 places in the vocabulary."""
    return dense_bow(windows, made) if made.kind == "dense_bow" else sequence(windows, made)


def dense_bow(windows: Sequence[Sequence[int]], made: Vectorization) -> npt.NDArray[np.float32]:
    """Count each code of the vocabulary in each window."""
    column = {code: index for index, code in enumerate(made.vocabulary)}
    counts = np.zeros((len(windows), made.width), np.float32)
    for row, window in enumerate(windows):
        for code in window:
            if code in column:
                counts[row, column[code]] += 1
    return counts


def sequence(windows: Sequence[Sequence[int]], made: Vectorization) -> npt.NDArray[np.int32]:
    """Return the place in the vocabulary + 1 of each code in it, the last ``width`` of them, zeros on the left."""
    place = {code: index + 1 for index, code in enumerate(made.vocabulary)}
    padded = np.zeros((len(windows), made.width), np.int32)
    for row, window in enumerate(windows):
        known = [place[code] for code in window if code in place][-made.width :]
        for index, value in enumerate(known):
            padded[row, made.width - len(known) + index] = value
    return padded
