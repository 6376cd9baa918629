"""Test each metric of a model for a change between two runs, on the rows that both have.

Flips come in runs, since consecutive windows overlap: a test that takes each for itself finds changes where there are
none. So recall, false positive rate and accuracy are tested twice, row by row (McNemar) and by block (signs of the
blocks' sums), and the larger p counts; the other metrics are resampled by block.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pytest_f07.results.comparison.pairs import Pairs
from pytest_f07.results.statistics.array_metrics import ARRAY_METRICS, ArrayMetric
from pytest_f07.results.statistics.bootstrap import MIN_BLOCKS, change_p, percentile_interval, resample
from pytest_f07.results.statistics.mcnemar import mcnemar_p
from pytest_f07.results.statistics.proportions import paired_difference_interval
from pytest_f07.results.statistics.sign_flip import sign_flip_p
from pytest_f07.variant.wording import counted

SIGNIFICANCE = 0.05
TITLES = {
    "recall": "recall",
    "fpr": "false positive rate",
    "accuracy": "accuracy",
    "precision": "precision",
    "f1": "F1",
    "mcc": "MCC",
}
# Columns of the pairs: 4 * label + 2 * then + now. Given the label, whether 1 counts as a hit then and now.
_LABELLED_0, _LABELLED_1 = slice(0, 4), slice(4, 8)
# From paired cells to the confusion matrix (TN, FP, FN, TP) of one run.
_THEN = np.array([[1, 0, 0, 0]] * 2 + [[0, 1, 0, 0]] * 2 + [[0, 0, 1, 0]] * 2 + [[0, 0, 0, 1]] * 2, np.int64)
_NOW = np.array([[1, 0, 0, 0], [0, 1, 0, 0]] * 2 + [[0, 0, 1, 0], [0, 0, 0, 1]] * 2, np.int64)


@dataclass(frozen=True)
class MetricChange:
    """One metric then and now, on the paired rows.

    :param key: of the metric; "fpr" is the false positive rate.
    :param then: None where it is undefined; ``now`` too.
    :param interval: of the change, 95 %; None where it cannot be told.
    :param p: two-sided, of as large a change, were there none; None likewise.
    :param to_right: of the rows that the metric is about, those that were wrong and are right; ``to_wrong`` the others.
    :param row_p: McNemar's p, which takes each flip for itself; None for metrics that are resampled.
    :param flip_blocks: the blocks whose flips do not cancel each other.
    """

    key: str
    then: float | None
    now: float | None
    interval: tuple[float, float] | None
    p: float | None
    to_right: int
    to_wrong: int
    row_p: float | None = None
    flip_blocks: int = 0

    @property
    def title(self) -> str:
        """Return the metric's name in a sentence."""
        return TITLES[self.key]

    @property
    def change(self) -> float | None:
        """Return how much the metric grew."""
        return None if self.then is None or self.now is None else self.now - self.then

    @property
    def gain(self) -> float | None:
        """Return how much better the metric is: a false positive rate that fell is better."""
        return None if self.change is None else -self.change if self.key == "fpr" else self.change

    @property
    def is_evident(self) -> bool:
        """Return whether there is evidence of a change."""
        return self.p is not None and self.p < SIGNIFICANCE and bool(self.change)

    @property
    def is_open(self) -> bool:
        """Return whether the flips would be a change, were they not in so few blocks that no p could be small."""
        if self.p is None or self.row_p is None or self.p < SIGNIFICANCE:
            return False
        return self.row_p < SIGNIFICANCE <= 2.0 ** (1 - self.flip_blocks)

    @property
    def sentence(self) -> str:
        """Return the change, and whether it is more than noise."""
        flips = f"{counted(self.to_right, 'row')} flipped to right, {self.to_wrong:,} to wrong"
        if self.then is None or self.now is None:
            times = "then and now" if self.then is self.now else "then" if self.then is None else "now"
            return f"{self.title}: undefined {times}; {flips}."
        if not self.to_right + self.to_wrong:
            return f"{self.title}: {self.then:.4f} then and now; no row flipped."
        text = f"{self.title}: {self.then:.4f} then, {self.now:.4f} now, {self.now - self.then:+.4f}"
        if self.interval:
            text += f" ({self.interval[0]:+.4f} to {self.interval[1]:+.4f}{self._interval_remark})"
        if self.p is None or self.gain is None:
            return f"{text}: too few blocks of rows to tell noise from a change ({flips})."
        outcome = "no evidence of a change"
        if self.is_open:
            outcome = f"may be noise, for all flips lie in {counted(self.flip_blocks, 'block')} of rows"
        if self.is_evident:
            outcome = "better" if self.gain > 0 else "worse"
        return f"{text}: {outcome} ({p_text(self.p)}; {flips})."

    @property
    def _interval_remark(self) -> str:
        """Return what explains an interval that leaves out 0 beside a p that is not small."""
        if self.row_p is None or self.p is None or self.interval is None or self.p < SIGNIFICANCE:
            return ""
        return ", taking each row for itself" if self.interval[0] > 0 or self.interval[1] < 0 else ""

    def document(self) -> dict[str, object]:
        """Return the change as comparison.json holds it."""
        return {**vars(self), "change": self.change, "sentence": self.sentence}


def p_text(p: float) -> str:
    """Return ``p = 0.42``, ``p < 0.001``."""
    # The last bits of a p are those of a processor; no text may turn on them.
    return "p < 0.001" if p < 0.001 else f"p = {round(p, 9):.2g}"


def changes_of(pairs: Pairs) -> list[MetricChange]:
    """Return the change of each metric."""
    counts = pairs.counts
    hits_0, hits_1 = counts[:, _LABELLED_0], counts[:, _LABELLED_1]
    changes = [
        _proportion("recall", hits_1),
        _proportion("fpr", hits_0),
        # Of the rows labelled 0, those predicted 0 are right.
        _proportion("accuracy", hits_1 + hits_0[:, ::-1]),
    ]
    then, now = (counts @ matrix for matrix in (_THEN, _NOW))
    resampled = resample(np.hstack([then, now])) if len(counts) >= MIN_BLOCKS else None
    changes += [_resampled(key, then, now, resampled, pairs) for key in ("precision", "f1", "mcc")]
    return changes


def _proportion(key: str, hits: npt.NDArray[np.int64]) -> MetricChange:
    """Return the change of a share of hits.

    :param hits: int64 ``[blocks, 4]``: rows without a hit in both runs, with one now only, then only, in both.
    """
    neither, only_now, only_then, both = hits.sum(axis=0).tolist()
    rows = neither + only_now + only_then + both
    to_right, to_wrong = (only_then, only_now) if key == "fpr" else (only_now, only_then)
    if not rows:
        return MetricChange(key, None, None, None, None, 0, 0)
    row_p, differences = mcnemar_p(only_now, only_then), hits[:, 1] - hits[:, 2]
    p = max(row_p, sign_flip_p(differences))
    interval = paired_difference_interval(both, only_now, only_then, neither)
    then, now = (both + only_then) / rows, (both + only_now) / rows
    blocks = int(np.count_nonzero(differences))
    return MetricChange(key, then, now, interval, p, to_right, to_wrong, row_p, blocks)


def _resampled(
    key: str,
    then: npt.NDArray[np.int64],
    now: npt.NDArray[np.int64],
    resampled: npt.NDArray[np.float64] | None,
    pairs: Pairs,
) -> MetricChange:
    """Return the change of a metric that is no share of fixed rows.

    :param then: confusion matrices ``[blocks, 4]``; ``now`` too.
    :param resampled: sums of both side by side, ``[resamples, 8]``; None where there are too few blocks.
    """
    metric = ARRAY_METRICS[key]
    values = _value(metric, then), _value(metric, now)
    interval, p = None, None
    if resampled is not None and None not in values:
        changes = metric(resampled[:, 4:]) - metric(resampled[:, :4])
        interval, p = percentile_interval(changes), change_p(changes)
    return MetricChange(key, *values, interval, p, pairs.fixed, pairs.newly_wrong)


def _value(metric: ArrayMetric, blocks: npt.NDArray[np.int64]) -> float | None:
    value = float(metric(blocks.sum(axis=0, keepdims=True).astype(np.float64))[0])
    return None if np.isnan(value) else value
