"""What a reader wants to know of a model's scores, collected block by block while the log is read: bounded memory.

Everything here is of the model's own dataset, whose labels it was trained on.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pytest_f07.variant.dataset import UNLABELLED

BINS = 1000
KEPT = 10
SHOWN_CODES = 24

Float32Array = npt.NDArray[np.float32]
Int64Array = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Shown:
    """One row as the report shows it.

    :param label: 0, 1, or None where the row is not labelled.
    :param window: its text; a long one is cut, and says how many codes it has.
    """

    row: int
    window: str
    label: int | None
    y_prob: float


@dataclass(frozen=True)
class Block:
    """Some rows of a dataset and what one model said of them.

    :param first: the row in the dataset of the first one.
    :param windows: list array ``[rows]``.
    :param labels: int8 ``[rows]``: 0, 1 or :data:`UNLABELLED`.
    """

    first: int
    windows: pa.Array
    labels: npt.NDArray[np.int8]
    y_pred: npt.NDArray[np.int8]
    y_prob: Float32Array

    def show(self, at: int) -> Shown:
        """The row at this place of the block."""
        label = int(self.labels[at])
        return Shown(
            self.first + at,
            shown_window(self.windows[at].values),
            None if label == UNLABELLED else label,
            float(self.y_prob[at]),
        )


@dataclass
class Kept:
    """The rows with the smallest keys, one for each window: ten times the same would tell nothing."""

    found: list[tuple[float, Shown]] = field(default_factory=list)

    def offer(self, keys: Float32Array, block: Block) -> None:
        """Keep what is smaller than what is kept; of equal keys in a block the first row.

        :param keys: ``[rows]``, NaN where a row does not count.
        """
        limit = self.found[-1][0] if len(self.found) == KEPT else np.inf
        near = np.flatnonzero(keys < limit)
        if not len(near):
            return
        near = near[keys[near] <= np.unique(keys[near])[:KEPT][-1]]
        _, firsts = np.unique(keys[near], return_index=True)
        self.found += [(float(keys[at]), block.show(at)) for at in near[firsts].tolist()]
        by_window: dict[tuple[str, int | None], tuple[float, Shown]] = {}
        for kept in sorted(self.found, key=lambda kept: (kept[0], kept[1].row)):
            by_window.setdefault((kept[1].window, kept[1].label), kept)
        self.found = list(by_window.values())[:KEPT]

    @property
    def rows(self) -> list[Shown]:
        """The rows kept, the smallest key first."""
        return [shown for _, shown in self.found]


@dataclass
class Scores:
    """The scores of one model.

    :param by_label: how many finite scores of rows labelled 0 and 1 fall into each thousandth, int64 ``[2, BINS]``.
    :param outside: how many of them lie below 0 and above 1, int64 ``[2]``; they are counted at the ends.
    :param most_wrong: wrong predictions, those furthest from their label first.
    :param nearest: those nearest to the threshold first.
    """

    threshold: float = 0.5
    by_label: Int64Array = field(default_factory=lambda: np.zeros((2, BINS), np.int64))
    outside: Int64Array = field(default_factory=lambda: np.zeros(2, np.int64))
    most_wrong: Kept = field(default_factory=Kept)
    nearest: Kept = field(default_factory=Kept)

    def add(self, block: Block) -> None:
        """Count a block of the own dataset."""
        y_prob, labels = block.y_prob, block.labels
        counted = (labels != UNLABELLED) & np.isfinite(y_prob)
        bins = np.clip(y_prob[counted] * BINS, 0, BINS - 1).astype(np.int64) + BINS * labels[counted].astype(np.int64)
        self.by_label += np.bincount(bins, minlength=2 * BINS).reshape(2, BINS)
        self.outside += [(y_prob[counted] < 0).sum(), (y_prob[counted] > 1).sum()]
        wrong = counted & (block.y_pred != labels)
        self.most_wrong.offer(np.where(wrong, -np.abs(labels - y_prob), np.float32(np.nan)), block)
        self.nearest.offer(np.abs(y_prob - np.float32(self.threshold)), block)

    def curve(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Thresholds, and precision and recall at each; NaN where nothing is predicted or labelled 1.

        :returns: three float64 ``[BINS]``.
        """
        fp, tp = self.by_label[:, ::-1].cumsum(axis=1)[:, ::-1]
        with np.errstate(invalid="ignore"):
            return np.arange(BINS) / BINS, tp / (tp + fp), tp / tp[0]


def shown_window(codes: pa.Array) -> str:
    """A window's text, cut after some codes: ``[1,5,2]``, ``[1,5,2,… 384 codes]``."""
    text = ",".join(map(str, codes.slice(0, SHOWN_CODES).to_pylist()))
    return f"[{text}]" if len(codes) <= SHOWN_CODES else f"[{text},… {len(codes):,} codes]"
