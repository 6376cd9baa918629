"""Assess how far a model's metrics can be relied on: F05's at this base rate, intervals, other thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_f07.results import formulas
from pytest_f07.results.agreement import Agreement, compare_with_f05, describe_training
from pytest_f07.results.best_threshold import BestThreshold, find_best_threshold
from pytest_f07.results.blocks import OwnBlocks
from pytest_f07.results.f05 import F05
from pytest_f07.results.formulas import Counts
from pytest_f07.results.scores import Scores
from pytest_f07.results.statistics.array_metrics import ARRAY_METRICS
from pytest_f07.results.statistics.bootstrap import MIN_BLOCKS, percentile_interval, resample
from pytest_f07.variant.package import Model
from pytest_f07.variant.wording import counted

TITLES = {"precision": "precision", "recall": "recall", "f1": "F1", "mcc": "MCC"}


@dataclass(frozen=True)
class Assessment:
    """What is known of a model's metrics beside their values.

    :param agreement: F05's precision at this base rate; None where F05 left no counts.
    :param training: the sentence on the rows that the model was trained on; empty where the package does not say.
    :param intervals: of each metric by key, 95 %, from resampled blocks; None where there are too few.
    :param assumed: whether the blocks' length is assumed, for the package does not give OW, LT and PW.
    :param best: None where it is no other than the model's own.
    """

    threshold: float
    f1: float
    agreement: Agreement | None
    training: str
    blocks: OwnBlocks
    intervals: Mapping[str, tuple[float, float] | None]
    assumed: bool
    best: BestThreshold | None

    @property
    def sentences(self) -> list[str]:
        """Return what a reader of the metrics should know."""
        sentences = [self.agreement.sentence if self.agreement else "", self.training, self._dependence]
        if self.best:
            sentences.append(self.best.sentence(self.threshold, self.f1))
        return [sentence for sentence in sentences if sentence]

    @property
    def remarks(self) -> list[str]:
        """Return what is worth knowing at a glance."""
        if self.agreement is None or self.agreement.outcome == "agree" or self.agreement.measured is None:
            return []  # that nothing was predicted 1 is told by itself
        sentence = self.agreement.sentence.removesuffix(".")
        return [sentence if sentence.startswith("F05") else f"{sentence[0].lower()}{sentence[1:]}"]

    @property
    def _dependence(self) -> str:
        blocks, size = self.blocks, self.blocks.size
        neighbours = blocks.neighbours
        if not neighbours.pairs:
            return ""
        overlap = (
            f"Consecutive windows overlap: {neighbours.equal:,} of {counted(neighbours.pairs, 'pair')} of "
            "neighbours are equal. Rows are not independent, and Wilson's intervals are too narrow."
        )
        reason = "assumed, for the package does not give OW, LT and PW" if self.assumed else "OW + LT + PW or more"
        # Where each resample gives the same value, as of a model without a hit, there is no interval to tell.
        texts = [
            f"{TITLES[key]} {interval[0]:.4f} to {interval[1]:.4f}"
            for key, interval in self.intervals.items()
            if interval is not None and interval[0] < interval[1]
        ]
        if not texts and any(self.intervals.values()):
            return overlap
        if not texts:
            return f"{overlap} {counted(len(blocks.counts), 'block')} of {size:,} rows are too few for better ones."
        return f"{overlap} Resampling blocks of {counted(size, 'row')} ({reason}) gives {', '.join(texts)}."

    def document(self) -> dict[str, Any]:
        """Return the assessment as the metadata holds it."""
        blocks = self.blocks
        return {
            "f05": self.agreement.document() if self.agreement else None,
            "intervals": {
                "block_rows": blocks.size,
                "blocks": len(blocks.counts),
                **{key: interval and list(interval) for key, interval in self.intervals.items()},
            },
            "equal_neighbours": {"equal": blocks.neighbours.equal, "of": blocks.neighbours.pairs},
            "best_threshold": vars(self.best) if self.best else None,
        }


def assess(model: Model, counts: Counts, scores: Scores, blocks: OwnBlocks, assumed: bool) -> Assessment:
    """Return the assessment of one model.

    :param counts: of its own dataset.
    :param assumed: whether the blocks' length is assumed.
    """
    f05, f1 = F05.from_summary(model.summary), formulas.f1(counts)
    intervals: dict[str, tuple[float, float] | None] = dict.fromkeys(ARRAY_METRICS)
    if len(blocks.counts) >= MIN_BLOCKS:
        resampled = resample(blocks.counts)
        intervals = {key: percentile_interval(metric(resampled)) for key, metric in ARRAY_METRICS.items()}
    best = find_best_threshold(scores)
    return Assessment(
        model.threshold,
        f1,
        compare_with_f05(f05, counts),
        describe_training(f05, counts.tp + counts.tn + counts.fp + counts.fn),
        blocks,
        intervals,
        assumed,
        best if best and best.f1 > f1 else None,
    )
