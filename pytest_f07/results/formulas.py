"""Compute ratios, Matthews correlation and intervals from confusion counts (specification §5; contract, "Metrics")."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Protocol

Z_95 = NormalDist().inv_cdf(0.975)


class Confusion(Protocol):
    """The confusion counts of one model."""

    @property
    def tp(self) -> int:
        """Return the rows labelled 1 and predicted 1."""

    @property
    def tn(self) -> int:
        """Return the rows labelled 0 and predicted 0."""

    @property
    def fp(self) -> int:
        """Return the rows labelled 0 and predicted 1."""

    @property
    def fn(self) -> int:
        """Return the rows labelled 1 and predicted 0."""


@dataclass(frozen=True)
class Counts:
    """All counts of one model from which its metrics follow.

    :param non_finite: scores that are not numbers, over all emissions; None where there are labels alone.
    :param codes: codes in the windows of the own dataset; ``unknown_codes`` of them are outside the vocabulary.
    :param windows: windows of the own dataset; ``empty_windows`` of them hold no code.
    """

    tp: int = 0
    tn: int = 0
    fp: int = 0
    fn: int = 0
    no_ref_pred_1: int = 0
    no_ref_pred_0: int = 0
    non_finite: int | None = 0
    codes: int = 0
    unknown_codes: int = 0
    windows: int = 0
    empty_windows: int = 0


def ratio(part: float, total: float) -> float:
    """Return ``part / total``; 0.0 where the total is 0."""
    return part / total if total else 0.0


def precision(counts: Confusion) -> float:
    """Return TP / (TP + FP); 0.0 where nothing was predicted 1."""
    return ratio(counts.tp, counts.tp + counts.fp)


def recall(counts: Confusion) -> float:
    """Return TP / (TP + FN); 0.0 where nothing is labelled 1."""
    return ratio(counts.tp, counts.tp + counts.fn)


def f1(counts: Confusion) -> float:
    """Return the harmonic mean of precision and recall; 0.0 where both are."""
    return ratio(2 * precision(counts) * recall(counts), precision(counts) + recall(counts))


def base_rate(counts: Confusion) -> float:
    """Return the share of the labelled rows that are labelled 1; 0.0 where there are none."""
    return ratio(counts.tp + counts.fn, counts.tp + counts.tn + counts.fp + counts.fn)


def mcc(counts: Confusion) -> float:
    """Return Matthews correlation, from -1 to 1; 0.0 where a row or column of the confusion matrix is empty.

    B. W. Matthews, Biochimica et Biophysica Acta 405 (1975) 442–451. The square is a quotient of whole numbers, which
    Python divides exactly rounded whatever their size: a perfect model has 1.0, and no count overflows.
    """
    tp, tn, fp, fn = counts.tp, counts.tn, counts.fp, counts.fn
    covariance = tp * tn - fp * fn
    variances = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    return math.copysign(math.sqrt(covariance**2 / variances), covariance) if covariance else 0.0


def wilson_interval(part: int, total: int) -> tuple[float, float]:
    """Return the 95 % score interval of a proportion; 0 to 1 where the total is 0.

    E. B. Wilson, Journal of the American Statistical Association 22 (1927) 209–212: the proportions p for which
    ``|part / total - p| <= z * sqrt(p * (1 - p) / total)``.
    """
    if not total:
        return 0.0, 1.0
    square = Z_95**2
    centre = (part + square / 2) / (total + square)
    half = Z_95 * math.sqrt(part * (total - part) / total + square / 4) / (total + square)
    # At the ends the two terms are equal, but for the last bits.
    return (centre - half if part else 0.0), (centre + half if part < total else 1.0)


def precision_interval(counts: Confusion) -> tuple[float, float]:
    """Return the 95 % interval of precision."""
    return wilson_interval(counts.tp, counts.tp + counts.fp)


def recall_interval(counts: Confusion) -> tuple[float, float]:
    """Return the 95 % interval of recall."""
    return wilson_interval(counts.tp, counts.tp + counts.fn)
