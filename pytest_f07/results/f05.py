"""Read F05's own test of a model from model_summary.json, of which any part may be missing or wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_f07.variant.wording import counted

METRICS = ("precision", "recall", "f1")


@dataclass(frozen=True)
class F05:
    """F05's own test of a model.

    :param metrics: those of precision, recall and f1 that the summary gives.
    :param split: windows in each part of F05's split, by the part's name.
    :param base_rate: the share of the test windows labelled 1; None where the summary does not give it.
    :param policy: how F05 balanced the labels before the split; empty where the summary does not give it.
    :param undersampled: rows labelled 0 before and after; None where none were dropped.
    """

    metrics: Mapping[str, float] = field(default_factory=dict)
    split: Mapping[str, int] = field(default_factory=dict)
    base_rate: float | None = None
    policy: str = ""
    undersampled: tuple[int, int] | None = None

    @classmethod
    def from_summary(cls, summary: Mapping[str, Any]) -> F05:
        """Return the test that a model_summary.json describes."""
        test_metrics, sizes = _mapping(summary.get("test_metrics")), _mapping(summary.get("split_sizes"))
        policy = _mapping(summary.get("imbalance_policy"))
        sampler = _mapping(policy.get("sampler_info"))
        return cls(
            metrics={name: float(test_metrics[name]) for name in METRICS if _is_share(test_metrics.get(name))},
            split={str(part): size for part, size in sizes.items() if _is_count(size)},
            base_rate=_base_rate(test_metrics.get("confusion_matrix")),
            policy=str(_mapping(policy.get("config")).get("strategy") or "")[:40],
            undersampled=_undersampled(sampler.get("n_neg_before"), sampler.get("n_neg_after")),
        )

    @property
    def sentence(self) -> str:
        """Return where the metrics come from, for a reader who compares them."""
        if not self.metrics:
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


def _base_rate(matrix: object) -> float | None:
    """Return the base rate of a confusion matrix ``[[TN, FP], [FN, TP]]``."""
    rows = matrix if isinstance(matrix, list) and len(matrix) == 2 else []
    if len(rows) != 2 or not all(isinstance(row, list) and len(row) == 2 and all(map(_is_count, row)) for row in rows):
        return None
    windows = sum(map(sum, rows))
    return sum(rows[1]) / windows if windows else None
