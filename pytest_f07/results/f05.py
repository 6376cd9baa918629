"""Read F05's own test of a model from model_summary.json, of which any part may be missing or wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_f07.results import formulas
from pytest_f07.results.formulas import Counts
from pytest_f07.results.metric_table import is_defined
from pytest_f07.variant.wording import counted

METRICS = ("precision", "recall", "f1")


@dataclass(frozen=True)
class F05:
    """F05's own test of a model.

    :param metrics: those of precision, recall and f1 that the summary gives and that are defined.
    :param split: windows in each part of F05's split, by the part's name.
    :param confusion: the confusion counts of its test split; None where the summary does not give them.
    :param policy: how F05 balanced the labels before the split; empty where the summary does not give it.
    :param undersampled: rows labelled 0 before and after; None where none were dropped.
    """

    metrics: Mapping[str, float] = field(default_factory=dict)
    split: Mapping[str, int] = field(default_factory=dict)
    confusion: Counts | None = None
    policy: str = ""
    undersampled: tuple[int, int] | None = None

    @classmethod
    def from_summary(cls, summary: Mapping[str, Any]) -> F05:
        """Return the test that a model_summary.json describes."""
        test_metrics, sizes = _mapping(summary.get("test_metrics")), _mapping(summary.get("split_sizes"))
        policy = _mapping(summary.get("imbalance_policy"))
        confusion = _confusion(test_metrics.get("confusion_matrix"))
        sampler = _mapping(policy.get("sampler_info"))
        return cls(
            metrics={
                name: float(test_metrics[name])
                for name in METRICS
                if _is_share(test_metrics.get(name)) and (confusion is None or is_defined(name, confusion))
            },
            split={str(part): size for part, size in sizes.items() if _is_count(size)},
            confusion=confusion,
            policy=str(_mapping(policy.get("config")).get("strategy") or "")[:40],
            undersampled=_undersampled(sampler.get("n_neg_before"), sampler.get("n_neg_after")),
        )

    @property
    def base_rate(self) -> float | None:
        """Return the share of the test windows labelled 1; None where the summary does not give it."""
        return formulas.base_rate(self.confusion) if self.confusion else None

    @property
    def undefined(self) -> list[str]:
        """Return the metrics that have no value on F05's test split, as precision where it predicted 1 nowhere."""
        return [name for name in METRICS if self.confusion and not is_defined(name, self.confusion)]

    @property
    def sentence(self) -> str:
        """Return where the metrics come from, for a reader who compares them."""
        if not self.metrics and not self.undefined:
            return "F05 left no test metrics in the package."
        size = f" of {counted(self.split['test'], 'window')}" if "test" in self.split else ""
        rate = f", {self.base_rate:.1%} of them labelled 1" if self.base_rate is not None else ""
        sampling = ""
        if self.undersampled:
            before, after = self.undersampled
            sampling = f"; it was drawn after undersampling the rows labelled 0 from {before:,} to {after:,}"
        policy = f" (imbalance policy: {self.policy})" if self.policy else ""
        return f"F05 measured on its own test split{size}{rate}{sampling}{policy}."


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _undersampled(before: object, after: object) -> tuple[int, int] | None:
    if isinstance(before, int) and isinstance(after, int) and 0 <= after < before:
        return before, after
    return None


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _confusion(matrix: object) -> Counts | None:
    """Return the counts of a confusion matrix ``[[TN, FP], [FN, TP]]``; None where it is none, or counts no window."""
    rows = matrix if isinstance(matrix, list) and len(matrix) == 2 else []
    if len(rows) != 2 or not all(isinstance(row, list) and len(row) == 2 and all(map(_is_count, row)) for row in rows):
        return None
    (tn, fp), (fn, tp) = rows
    return Counts(tp, tn, fp, fn) if tp + tn + fp + fn else None
