"""The one table of metrics: from it come CSV, JSON, report, terminal, step summary, comparison and ``require``.

To add a metric, add an entry to :data:`METRICS`. Each value is a function of one model's counts alone
(specification §5; contract, "Metrics").
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from statistics import NormalDist
from typing import Protocol

Z_95 = NormalDist().inv_cdf(0.975)


class Confusion(Protocol):
    """The confusion counts of one model."""

    @property
    def tp(self) -> int:
        """Labelled 1 and predicted 1."""

    @property
    def tn(self) -> int:
        """Labelled 0 and predicted 0."""

    @property
    def fp(self) -> int:
        """Labelled 0 and predicted 1."""

    @property
    def fn(self) -> int:
        """Labelled 1 and predicted 0."""


@dataclass(frozen=True)
class Counts:
    """All counts of one model from which its metrics follow.

    :param non_finite: scores that are not numbers, over all emissions.
    :param codes: codes in the windows of the own dataset; ``unknown_codes`` of them are outside the vocabulary.
    :param windows: windows of the own dataset; ``empty_windows`` of them hold no code.
    """

    tp: int = 0
    tn: int = 0
    fp: int = 0
    fn: int = 0
    no_ref_pred_1: int = 0
    no_ref_pred_0: int = 0
    non_finite: int = 0
    codes: int = 0
    unknown_codes: int = 0
    windows: int = 0
    empty_windows: int = 0


class Section(IntEnum):
    """The groups in which the report shows the columns, in this order."""

    CONFUSION = 1
    QUALITY = 2
    EMISSIONS = 3
    INPUT = 4


def count_text(value: float) -> str:
    """Return ``1,234``."""
    return f"{value:,}"


def ratio_text(value: float) -> str:
    """Return ``0.1235``."""
    return f"{value:.4f}"


def share_text(value: float) -> str:
    """Return ``12.35%``."""
    return f"{value:.2%}"


@dataclass(frozen=True)
class Metric:
    """One entry of the table.

    :param key: the column of metrics_per_model.csv.
    :param title: the heading in the report; in small letters also in the terminal.
    :param hint: the explanation that the report shows on pointing at the heading.
    :param section: where the report shows it.
    :param text: the value as people read it.
    :param value: the value of one model's counts.
    :param limits: the smallest and largest value of a ratio that params.yaml may require; None for what it may not.
    :param in_terminal: whether terminal and step summary show it.
    :param compared: whether a comparison with another run shows it.
    :param bound_of: the key of the metric whose interval this bounds; the report shows it below that metric.
    """

    key: str
    title: str
    hint: str
    section: Section
    text: Callable[[float], str]
    value: Callable[[Counts], int | float]
    limits: tuple[float, float] | None = None
    in_terminal: bool = False
    compared: bool = False
    bound_of: str = ""

    @property
    def heading(self) -> str:
        """The title as a terminal shows it."""
        return self.title if self.title.isupper() else self.title.lower()


def ratio(part: float, whole: float) -> float:
    """Return ``part / whole``; 0.0 where the whole is 0."""
    return part / whole if whole else 0.0


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


def wilson_interval(part: int, whole: int) -> tuple[float, float]:
    """Return the 95 % score interval of a proportion; 0 to 1 where the whole is 0.

    E. B. Wilson, Journal of the American Statistical Association 22 (1927) 209–212: the proportions p for which
    ``|part / whole - p| <= z * sqrt(p * (1 - p) / whole)``.
    """
    if not whole:
        return 0.0, 1.0
    square = Z_95**2
    centre = (part + square / 2) / (whole + square)
    half = Z_95 * math.sqrt(part * (whole - part) / whole + square / 4) / (whole + square)
    # At the ends the two terms are equal, but for the last bits.
    return (centre - half if part else 0.0), (centre + half if part < whole else 1.0)


def _precision_interval(counts: Counts) -> tuple[float, float]:
    return wilson_interval(counts.tp, counts.tp + counts.fp)


def _recall_interval(counts: Counts) -> tuple[float, float]:
    return wilson_interval(counts.tp, counts.tp + counts.fn)


CONFUSION, QUALITY, EMISSIONS, INPUT = Section
_UNREFERENCED = "and the window has no label in the model's own dataset"

# In the order of the columns of metrics_per_model.csv (contract, "Metrics"): a new column is the last.
METRICS = (
    Metric("TP", "TP", "labelled 1, predicted 1", CONFUSION, count_text, lambda c: c.tp,
           in_terminal=True, compared=True),
    Metric("TN", "TN", "labelled 0, predicted 0", CONFUSION, count_text, lambda c: c.tn,
           in_terminal=True, compared=True),
    Metric("FP", "FP", "labelled 0, predicted 1", CONFUSION, count_text, lambda c: c.fp,
           in_terminal=True, compared=True),
    Metric("FN", "FN", "labelled 1, predicted 0", CONFUSION, count_text, lambda c: c.fn,
           in_terminal=True, compared=True),
    Metric("precision", "Precision", "TP / (TP + FP); below it Wilson's 95 % interval", QUALITY, ratio_text, precision,
           limits=(0, 1), in_terminal=True, compared=True),
    Metric("recall", "Recall", "TP / (TP + FN); below it Wilson's 95 % interval", QUALITY, ratio_text, recall,
           limits=(0, 1), in_terminal=True, compared=True),
    Metric("f1", "F1", "harmonic mean of precision and recall", QUALITY, ratio_text, f1,
           limits=(0, 1), in_terminal=True, compared=True),
    Metric("no_ref_pred_1", "No ref. 1", f"predicted 1, {_UNREFERENCED}", EMISSIONS, count_text,
           lambda c: c.no_ref_pred_1),
    Metric("no_ref_pred_0", "No ref. 0", f"predicted 0, {_UNREFERENCED}", EMISSIONS, count_text,
           lambda c: c.no_ref_pred_0),
    Metric("no_ref_total", "No ref.", "emissions whose window has no label in the model's own dataset", EMISSIONS,
           count_text, lambda c: c.no_ref_pred_1 + c.no_ref_pred_0, in_terminal=True, compared=True),
    Metric("non_finite", "Not numbers", "scores that are NaN, over all emissions", EMISSIONS, count_text,
           lambda c: c.non_finite, in_terminal=True, compared=True),
    Metric("base_rate", "Base rate", "share of the labelled windows that are labelled 1", QUALITY, share_text,
           base_rate, in_terminal=True),
    Metric("unknown_codes", "Unknown codes", "share of the codes in its own dataset that the model does not know",
           INPUT, share_text, lambda c: ratio(c.unknown_codes, c.codes)),
    Metric("empty_windows", "Empty windows", "share of the windows in its own dataset without any code", INPUT,
           share_text, lambda c: ratio(c.empty_windows, c.windows)),
    Metric("mcc", "MCC", "Matthews correlation of label and prediction, from -1 to 1; 0 is chance", QUALITY, ratio_text,
           mcc, limits=(-1, 1), compared=True),
    Metric("precision_low", "Precision, from", "lower end of the 95 % interval", QUALITY, ratio_text,
           lambda c: _precision_interval(c)[0], bound_of="precision"),
    Metric("precision_high", "Precision, to", "upper end of the 95 % interval", QUALITY, ratio_text,
           lambda c: _precision_interval(c)[1], bound_of="precision"),
    Metric("recall_low", "Recall, from", "lower end of the 95 % interval", QUALITY, ratio_text,
           lambda c: _recall_interval(c)[0], bound_of="recall"),
    Metric("recall_high", "Recall, to", "upper end of the 95 % interval", QUALITY, ratio_text,
           lambda c: _recall_interval(c)[1], bound_of="recall"),
)  # fmt: skip

# What params.yaml may require, with the limits of each.
LIMITS: Mapping[str, tuple[float, float]] = {metric.key: metric.limits for metric in METRICS if metric.limits}


def values(counts: Counts) -> dict[str, int | float]:
    """Return each metric's value, by key, in the order of the columns."""
    return {metric.key: metric.value(counts) for metric in METRICS}
