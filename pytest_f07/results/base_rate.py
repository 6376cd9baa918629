"""Carry a precision from the base rate of a test split to another base rate, with its interval."""

from __future__ import annotations

import math

from pytest_f07.results.formulas import Z_95, Confusion, ratio, recall


def false_positive_rate(counts: Confusion) -> float:
    """Return FP / (FP + TN); 0.0 where nothing is labelled 0."""
    return ratio(counts.fp, counts.fp + counts.tn)


def precision_at(counts: Confusion, base_rate: float) -> float | None:
    """Return the precision that the same recall and false positive rate give at another base rate.

    Bayes: ``recall * b / (recall * b + fpr * (1 - b))``.

    :param counts: of the test split.
    :returns: None where nothing would be predicted 1, as for a model that never answers 1.
    """
    right = recall(counts) * base_rate
    predicted = right + false_positive_rate(counts) * (1 - base_rate)
    return right / predicted if predicted else None


def precision_interval_at(counts: Confusion, base_rate: float) -> tuple[float, float]:
    """Return the 95 % adjusted logit interval of :func:`precision_at`.

    N. D. Mercaldo, K. F. Lau, X. H. Zhou, Statistics in Medicine 26 (2007) 2170–2183: the logit of the precision is
    about normal; half of z² is added to each cell of the split, so that no count of 0 makes it infinite.

    :param base_rate: above 0 and below 1.
    """
    half = Z_95**2 / 2
    tp, fn, fp, tn = counts.tp + half, counts.fn + half, counts.fp + half, counts.tn + half
    positives, negatives = tp + fn, fp + tn
    logit = math.log(tp / positives * base_rate / (fp / negatives * (1 - base_rate)))
    distance = Z_95 * math.sqrt(fn / tp / positives + tn / fp / negatives)
    return _expit(logit - distance), _expit(logit + distance)


def _expit(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))
