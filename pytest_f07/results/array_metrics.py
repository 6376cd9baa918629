"""Compute metrics of many confusion matrices at once, as a bootstrap draws them; NaN where a metric is undefined."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

Float64Array = npt.NDArray[np.float64]
# Given float64 [matrices, 4] with the columns TN, FP, FN, TP, the metric of each.
ArrayMetric = Callable[[Float64Array], Float64Array]


def _ratio(part: Float64Array, total: Float64Array) -> Float64Array:
    return np.divide(part, total, out=np.full_like(part, np.nan), where=total != 0)


def precision(cells: Float64Array) -> Float64Array:
    """Return TP / (TP + FP) of each."""
    _, fp, _, tp = cells.T
    return _ratio(tp, tp + fp)


def recall(cells: Float64Array) -> Float64Array:
    """Return TP / (TP + FN) of each."""
    _, _, fn, tp = cells.T
    return _ratio(tp, tp + fn)


def f1(cells: Float64Array) -> Float64Array:
    """Return 2 TP / (2 TP + FP + FN) of each, the harmonic mean of precision and recall."""
    _, fp, fn, tp = cells.T
    return _ratio(2 * tp, 2 * tp + fp + fn)


def mcc(cells: Float64Array) -> Float64Array:
    """Return Matthews correlation of each."""
    tn, fp, fn, tp = cells.T
    return _ratio(tp * tn - fp * fn, np.sqrt((tp + fp) * (tp + fn)) * np.sqrt((tn + fp) * (tn + fn)))


ARRAY_METRICS: Mapping[str, ArrayMetric] = {"precision": precision, "recall": recall, "f1": f1, "mcc": mcc}
