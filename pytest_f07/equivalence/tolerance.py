"""The one definition of "the same prediction": for the oracle, for ``/infer``, and for equal windows."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from pytest_f07.variant.package import TOLERANCES, Model
from pytest_f07.windows import Float64Array

SCORE_TOLERANCE = TOLERANCES["float32"]
# Another kernel, or another batch, moves a score by a few last bits, and a label with it where the score is that near
# to the threshold.
TIE = 2e-6


def score_difference(scores: npt.ArrayLike, others: npt.ArrayLike) -> Float64Array:
    """Return how far the scores are apart: 0 where neither is a number, infinite where one is and the other is not."""
    left, right = np.asarray(scores, np.float64), np.asarray(others, np.float64)
    numbers = np.isfinite(left).astype(int) + np.isfinite(right)
    with np.errstate(invalid="ignore"):
        difference = np.abs(left - right)
    return np.select([numbers == 2, numbers == 0], [difference, 0.0], math.inf)


def is_same_score(scores: npt.ArrayLike, others: npt.ArrayLike, tolerance: float) -> npt.NDArray[np.bool_]:
    """Return whether the scores are the same within the tolerance; two that are not numbers are."""
    return score_difference(scores, others) <= tolerance


def tie_width(tolerance: float) -> float:
    """Return how far kernels move a score at least, given the tolerance of the model's precision."""
    return TIE if tolerance <= SCORE_TOLERANCE else tolerance


def tolerance_of(model: Model, given: float | None) -> float:
    """Return how far two scores of one window may be apart.

    :param given: what params.yaml says; None: what the model's precision leaves open.
    """
    return model.tolerance if given is None else given


def tie_of(model: Model, given: float | None) -> float:
    """Return how far scores of equal rows may be apart, and how near to the threshold a label is a tie.

    :param given: the tolerance that params.yaml says; None where it says none.
    """
    return tie_width(model.tolerance) if given is None else given


def is_tie(scores: npt.ArrayLike, threshold: float, tolerance: float) -> npt.NDArray[np.bool_]:
    """Return whether the scores are so near to the threshold that their label may fall either way.

    :param tolerance: of the model's scores; in half precision a label may move by as much as a score.
    """
    tie: npt.NDArray[np.bool_] = np.abs(np.asarray(scores) - np.float32(threshold)) <= tie_width(tolerance)
    return tie
