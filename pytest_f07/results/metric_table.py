"""The one table of metrics: from it come CSV, JSON, report, terminal, step summary, comparison and ``require``.

To add a metric, add an entry to :data:`METRICS`. Each value is a function of one model's counts alone
(:mod:`formulas`; contract, "Metrics").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from pytest_f07.results import formulas
from pytest_f07.results.formulas import Counts


class Section(IntEnum):
    """The groups in which the report shows the columns, in this order."""

    CONFUSION = 1
    QUALITY = 2
    EMISSIONS = 3
    INPUT = 4


UNDEFINED = "undefined"


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
    :param total: what the value is divided by, of one model's counts; where that is 0, people read "undefined" and CSV,
        JSON and ``require`` have 0.0 (contract, "Out"). None for what is no ratio.
    :param bound_of: the key of the metric whose interval this bounds; the report shows it below that metric.
    """

    key: str
    title: str
    hint: str
    section: Section
    text: Callable[[float], str]
    value: Callable[[Counts], int | float | None]
    limits: tuple[float, float] | None = None
    in_terminal: bool = False
    compared: bool = False
    total: Callable[[Counts], int] | None = None
    bound_of: str = ""

    def show(self, value: float | None) -> str:
        """Return the value as people read it; a dash where there is none."""
        return "–" if value is None else self.text(value)

    @property
    def heading(self) -> str:
        """Return the title as a terminal shows it."""
        return self.title if self.title.isupper() else self.title.lower()


CONFUSION, QUALITY, EMISSIONS, INPUT = Section
_UNREFERENCED = "and the window has no label in the model's own dataset"


def _bounds(key: str, interval: Callable[[Counts], tuple[float, float]]) -> tuple[Metric, Metric]:
    """Return the two columns that hold the 95 % interval of the metric ``key``."""
    title, hint = key.capitalize(), "end of the 95 % interval"
    return (
        Metric(
            f"{key}_low", f"{title}, from", f"lower {hint}", QUALITY, ratio_text, lambda c: interval(c)[0], bound_of=key
        ),
        Metric(
            f"{key}_high", f"{title}, to", f"upper {hint}", QUALITY, ratio_text, lambda c: interval(c)[1], bound_of=key
        ),
    )


# In the order of the columns of metrics_per_model.csv (contract, "Metrics"): a new column is the last.
METRICS = (
    Metric(
        "TP", "TP", "labelled 1, predicted 1", CONFUSION, count_text, lambda c: c.tp, in_terminal=True, compared=True
    ),
    Metric(
        "TN", "TN", "labelled 0, predicted 0", CONFUSION, count_text, lambda c: c.tn, in_terminal=True, compared=True
    ),
    Metric(
        "FP", "FP", "labelled 0, predicted 1", CONFUSION, count_text, lambda c: c.fp, in_terminal=True, compared=True
    ),
    Metric(
        "FN", "FN", "labelled 1, predicted 0", CONFUSION, count_text, lambda c: c.fn, in_terminal=True, compared=True
    ),
    Metric(
        "precision",
        "Precision",
        "TP / (TP + FP); below it Wilson's 95 % interval",
        QUALITY,
        ratio_text,
        formulas.precision,
        limits=(0, 1),
        in_terminal=True,
        compared=True,
        total=lambda c: c.tp + c.fp,
    ),
    Metric(
        "recall",
        "Recall",
        "TP / (TP + FN); below it Wilson's 95 % interval",
        QUALITY,
        ratio_text,
        formulas.recall,
        limits=(0, 1),
        in_terminal=True,
        compared=True,
        total=lambda c: c.tp + c.fn,
    ),
    Metric(
        "f1",
        "F1",
        "harmonic mean of precision and recall",
        QUALITY,
        ratio_text,
        formulas.f1,
        limits=(0, 1),
        in_terminal=True,
        compared=True,
        total=lambda c: c.tp + c.fp + c.fn,
    ),
    Metric(
        "no_ref_pred_1", "No ref. 1", f"predicted 1, {_UNREFERENCED}", EMISSIONS, count_text, lambda c: c.no_ref_pred_1
    ),
    Metric(
        "no_ref_pred_0", "No ref. 0", f"predicted 0, {_UNREFERENCED}", EMISSIONS, count_text, lambda c: c.no_ref_pred_0
    ),
    Metric(
        "no_ref_total",
        "No ref.",
        "emissions whose window has no label in the model's own dataset",
        EMISSIONS,
        count_text,
        lambda c: c.no_ref_pred_1 + c.no_ref_pred_0,
        in_terminal=True,
        compared=True,
    ),
    Metric(
        "non_finite",
        "Not numbers",
        "scores that are NaN, over all emissions",
        EMISSIONS,
        count_text,
        lambda c: c.non_finite,
        in_terminal=True,
        compared=True,
    ),
    Metric(
        "base_rate",
        "Base rate",
        "share of the labelled windows that are labelled 1",
        QUALITY,
        share_text,
        formulas.base_rate,
        in_terminal=True,
        total=lambda c: c.tp + c.tn + c.fp + c.fn,
    ),
    Metric(
        "unknown_codes",
        "Unknown codes",
        "share of the codes in its own dataset that the model does not know",
        INPUT,
        share_text,
        lambda c: formulas.ratio(c.unknown_codes, c.codes),
        total=lambda c: c.codes,
    ),
    Metric(
        "empty_windows",
        "Empty windows",
        "share of the windows in its own dataset without any code",
        INPUT,
        share_text,
        lambda c: formulas.ratio(c.empty_windows, c.windows),
        total=lambda c: c.windows,
    ),
    Metric(
        "mcc",
        "MCC",
        "Matthews correlation of label and prediction, from -1 to 1; 0 is chance",
        QUALITY,
        ratio_text,
        formulas.mcc,
        limits=(-1, 1),
        compared=True,
        total=lambda c: (c.tp + c.fp) * (c.tp + c.fn) * (c.tn + c.fp) * (c.tn + c.fn),
    ),
    *_bounds("precision", formulas.precision_interval),
    *_bounds("recall", formulas.recall_interval),
)

# What params.yaml may require, with the limits of each.
LIMITS: Mapping[str, tuple[float, float]] = {metric.key: metric.limits for metric in METRICS if metric.limits}


def values(counts: Counts) -> dict[str, Any]:
    """Return each metric's value, by key, in the order of the columns; None for one that cannot be had."""
    return {metric.key: metric.value(counts) for metric in METRICS}


def is_defined(key: str, counts: Counts) -> bool:
    """Return whether a metric has a value: its denominator is not 0."""
    [metric] = (metric for metric in METRICS if metric.key == key)
    return metric.total is None or metric.total(counts) != 0


def texts(counts: Counts) -> dict[str, str]:
    """Return each metric as people read it, by key: "undefined" where its denominator is 0."""
    return {
        metric.key: metric.show(metric.value(counts)) if is_defined(metric.key, counts) else UNDEFINED
        for metric in METRICS
    }


def csv_text(value: object) -> str:
    """Return a value as a CSV file has it: what cannot be had is empty."""
    return "" if value is None else str(value)
