"""Count predictions by block of consecutive rows of a model's own dataset, then and now where there are two runs.

Consecutive windows overlap, so rows are not independent of each other; blocks long enough nearly are.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pytest_f07.results.formulas import Counts
from pytest_f07.variant.dataset import UNLABELLED
from pytest_f07.windows import Int8Array, Int64Array

MAX_BLOCKS = 10_000
# Where the package does not give OW, LT and PW.
ASSUMED_ROWS = 60
TN, FP, FN, TP = range(4)  # 2 * label + prediction


def block_rows(rows: int, dependent: int | None) -> int:
    """Return the rows of a block: as many as overlap, more where there would be over :data:`MAX_BLOCKS`.

    :param rows: of the dataset.
    :param dependent: rows after which nothing overlaps, where the package says so.
    """
    return max(dependent or ASSUMED_ROWS, -(-rows // MAX_BLOCKS))


def count_cells(cells: Int8Array, valid: npt.NDArray[np.bool_], first_row: int, size: int, counts: Int64Array) -> None:
    """Add rows to the counts of their blocks.

    :param cells: the column of ``counts`` that each row belongs to; where it is not ``valid``, to none.
    :param first_row: the row number of the first one; ``size`` the rows of a block.
    :param counts: int64 ``[blocks, cells]``.
    """
    columns = counts.shape[1]
    blocks = (first_row + np.flatnonzero(valid)) // size
    counts += np.bincount(blocks * columns + cells[valid], minlength=counts.size).reshape(counts.shape)


@dataclass
class Neighbours:
    """The pairs of consecutive rows of a dataset.

    :param equal: how many of the ``pairs`` hold the same window.
    :param first: the key of the first row's window, ``last`` of the last one; None where there is no row.
    """

    pairs: int = 0
    equal: int = 0
    first: bytes | None = None
    last: bytes | None = None

    @classmethod
    def of(cls, keys: pa.Array) -> Neighbours:
        """Return those of consecutive rows, at least one.

        :param keys: of their windows (:func:`window_keys`).
        """
        equal = pc.sum(pc.equal(keys[1:], keys[:-1])).as_py() or 0
        return cls(len(keys) - 1, equal, keys[0].as_py(), keys[-1].as_py())

    def merge(self, following: Neighbours) -> None:
        """Add the rows that follow these."""
        if following.first is None:
            return
        if self.last is not None:
            self.pairs, self.equal = self.pairs + 1, self.equal + (self.last == following.first)
        else:
            self.first = following.first
        self.pairs, self.equal, self.last = self.pairs + following.pairs, self.equal + following.equal, following.last


@dataclass
class OwnBlocks:
    """The confusion counts of one model by block of its own dataset, or of consecutive rows of it.

    :param size: the rows of a block.
    :param counts: int64 ``[blocks, 4]``: TN, FP, FN, TP.
    :param neighbours: of these rows.
    :param first: the number of the first of these blocks.
    """

    size: int
    counts: Int64Array
    neighbours: Neighbours = field(default_factory=Neighbours)
    first: int = 0

    @classmethod
    def empty(cls, size: int, first_row: int, rows: int) -> OwnBlocks:
        """Return the blocks of consecutive rows, with nothing counted.

        :param size: the rows of a block.
        """
        first, end = first_row // size, max(1, -(-(first_row + rows) // size))
        return cls(size, np.zeros((end - first, 4), np.int64), first=first)

    def count(self, first_row: int, labels: Int8Array, y_pred: Int8Array) -> None:
        """Count rows; those without a label belong to no block.

        :param first_row: the row number of the first one.
        """
        cells = 2 * labels + y_pred
        count_cells(cells, labels != UNLABELLED, first_row - self.first * self.size, self.size, self.counts)

    def merge(self, following: OwnBlocks) -> None:
        """Add the counts of the rows that follow these."""
        counts = np.zeros((following.first + len(following.counts) - self.first, 4), np.int64)
        counts[: len(self.counts)] += self.counts
        counts[following.first - self.first :] += following.counts
        self.counts = counts
        self.neighbours.merge(following.neighbours)

    @property
    def total(self) -> Counts:
        """Return the sum of all blocks."""
        tn, fp, fn, tp = self.counts.sum(axis=0).tolist()
        return Counts(tp, tn, fp, fn)
