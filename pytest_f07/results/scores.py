"""Collect the scores that the report shows of a model's own dataset, block by block, in bounded memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pytest_f07.results.references import window_keys
from pytest_f07.variant.dataset import UNLABELLED
from pytest_f07.windows import Float32Array, Int8Array, Int64Array

BINS = 1000
SHOWN_ROWS = 10
SHOWN_CODES = 24

# A code, and how much a score changes when all of that code is left out of a window; NaN where no score is left.
CodeChange = tuple[int, float]


@dataclass(frozen=True)
class RowExample:
    """One row as the report shows it.

    :param window: its text; a long one is cut, and gives the number of its codes, and ``whole`` is all of it.
    :param label: 0, 1, or None where the row is not labelled.
    :param codes: some codes of the window, each with how much the score changes without it.
    """

    row: int
    window: str
    label: int | None
    y_prob: float
    codes: tuple[CodeChange, ...] = ()
    whole: str = ""


@dataclass(frozen=True)
class RowBlock:
    """Consecutive rows of a dataset and one model's predictions of them.

    :param first_row: the row number of the first one.
    :param windows: list array ``[rows]``.
    :param labels: int8 ``[rows]``: 0, 1 or :data:`UNLABELLED`.
    """

    first_row: int
    windows: pa.Array
    labels: Int8Array
    y_pred: Int8Array
    y_prob: Float32Array

    def example(self, place: int) -> RowExample:
        """Return the row at ``place`` of the block."""
        label, codes = int(self.labels[place]), self.windows[place].values
        return RowExample(
            self.first_row + place,
            short_window_text(codes),
            None if label == UNLABELLED else label,
            float(self.y_prob[place]),
            whole="" if len(codes) <= SHOWN_CODES else f"[{','.join(map(str, codes.to_pylist()))}]",
        )


@dataclass
class SmallestRows:
    """The rows with the smallest keys, one for each window and label, so that no example is shown twice.

    :param entries: key and row by window and label, the smallest key first; of equal keys the earlier row.
    :param for_each_label: whether as many rows are kept of each label as else of all.
    """

    entries: dict[tuple[bytes, int], tuple[float, RowExample]] = field(default_factory=dict)
    for_each_label: bool = False

    def add(self, keys: Float32Array, block: RowBlock) -> None:
        """Keep those rows of a block that are among the smallest.

        :param keys: ``[rows]``, NaN where a row does not count.
        """
        if not self.for_each_label:
            self._add(keys, block, list(self.entries.values()))
            return
        for label in (0, 1):
            kept = [entry for (_, its_label), entry in self.entries.items() if its_label == label]
            self._add(np.where(block.labels == label, keys, np.float32(np.nan)), block, kept)

    def _add(self, keys: Float32Array, block: RowBlock, kept: list[tuple[float, RowExample]]) -> None:
        """Keep rows of a block that are smaller than the last of those that compete with them."""
        largest = kept[-1][0] if len(kept) == SHOWN_ROWS else np.inf
        places = np.flatnonzero(keys < largest)
        if not len(places):
            return
        places = places[np.argsort(keys[places], kind="stable")]
        windows = window_keys(block.windows.take(pa.array(places)))
        window_ids = windows.dictionary_encode().indices.to_numpy().astype(np.int64)
        # The first place of each window and label has its smallest key.
        _, firsts = np.unique(3 * window_ids + block.labels[places], return_index=True)
        for first in np.sort(firsts)[:SHOWN_ROWS].tolist():
            place = int(places[first])
            self._keep((windows[first].as_py(), int(block.labels[place])), float(keys[place]), block.example(place))
        self._cut()

    def merge(self, other: SmallestRows) -> None:
        """Keep the smallest of both."""
        for window, (key, example) in other.entries.items():
            self._keep(window, key, example)
        self._cut()

    def _keep(self, window: tuple[bytes, int], key: float, example: RowExample) -> None:
        entry = self.entries.get(window)
        if entry is None or (key, example.row) < (entry[0], entry[1].row):
            self.entries[window] = key, example

    def _cut(self) -> None:
        ordered = sorted(self.entries.items(), key=lambda entry: (entry[1][0], entry[1][1].row))
        self.entries, kept = {}, Counter[int]()
        for window, entry in ordered:
            group = window[1] if self.for_each_label else 0
            kept[group] += 1
            if kept[group] <= SHOWN_ROWS:
                self.entries[window] = entry

    @property
    def rows(self) -> list[RowExample]:
        """Return the rows kept, the smallest key first."""
        return [example for _, example in self.entries.values()]


@dataclass
class Scores:
    """The scores of one model.

    :param by_label: how many finite scores of rows labelled 0 and 1 fall into each thousandth, int64 ``[2, BINS]``.
    :param outside: how many of them lie below 0 and above 1, int64 ``[2]``; they are counted at the ends.
    :param not_numbers: scores of labelled rows that are not numbers, int64 ``[label, y_pred]``.
    :param most_wrong: wrong predictions, those furthest from their label first.
    :param nearest: those nearest to the threshold first.
    """

    threshold: float = 0.5
    by_label: Int64Array = field(default_factory=lambda: np.zeros((2, BINS), np.int64))
    outside: Int64Array = field(default_factory=lambda: np.zeros(2, np.int64))
    not_numbers: Int64Array = field(default_factory=lambda: np.zeros((2, 2), np.int64))
    most_wrong: SmallestRows = field(default_factory=lambda: SmallestRows(for_each_label=True))
    nearest: SmallestRows = field(default_factory=SmallestRows)

    def merge(self, other: Scores) -> None:
        """Add the scores of other rows."""
        self.by_label += other.by_label
        self.outside += other.outside
        self.not_numbers += other.not_numbers
        self.most_wrong.merge(other.most_wrong)
        self.nearest.merge(other.nearest)

    def add(self, block: RowBlock) -> None:
        """Count a block of the own dataset."""
        y_prob, labels = block.y_prob, block.labels
        usable = (labels != UNLABELLED) & np.isfinite(y_prob)
        bins = np.clip(y_prob[usable] * BINS, 0, BINS - 1).astype(np.int64) + BINS * labels[usable].astype(np.int64)
        self.by_label += np.bincount(bins, minlength=2 * BINS).reshape(2, BINS)
        self.outside += [(y_prob[usable] < 0).sum(), (y_prob[usable] > 1).sum()]
        lost = (labels != UNLABELLED) & ~np.isfinite(y_prob)
        cells = 2 * labels[lost].astype(np.int64) + block.y_pred[lost]
        self.not_numbers += np.bincount(cells, minlength=4).reshape(2, 2)
        self.add_examples(block)

    def add_examples(self, block: RowBlock) -> None:
        """Keep the examples of a block of the own dataset."""
        y_prob, labels = block.y_prob, block.labels
        wrong = (labels != UNLABELLED) & np.isfinite(y_prob) & (block.y_pred != labels)
        self.most_wrong.add(np.where(wrong, -np.abs(labels - y_prob), np.float32(np.nan)), block)
        self.nearest.add(np.abs(y_prob - np.float32(self.threshold)), block)

    @property
    def is_blank(self) -> bool:
        """Return whether no labelled row has a score that is a number."""
        return not self.by_label.any()

    def curve(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return thresholds, and precision and recall at each; NaN where nothing is predicted or labelled 1.

        :returns: three float64 ``[BINS]``.
        """
        fp, tp = self.by_label[:, ::-1].cumsum(axis=1)[:, ::-1]
        with np.errstate(invalid="ignore"):
            return np.arange(BINS) / BINS, tp / (tp + fp), tp / tp[0]


def short_window_text(codes: pa.Array) -> str:
    """Return a window's text, cut after some codes: ``[1,5,2]``, ``[1,5,2,… 384 codes]``."""
    text = ",".join(map(str, codes.slice(0, SHOWN_CODES).to_pylist()))
    return f"[{text}]" if len(codes) <= SHOWN_CODES else f"[{text},… {len(codes):,} codes]"
