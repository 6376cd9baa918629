"""Pair the predictions of two runs on the labelled rows of a model's own dataset that both have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pytest_f07.log.reader import LogBlock
from pytest_f07.results.blocks import block_rows, count_cells
from pytest_f07.results.flips import Flip, FlipBlock, RunLog, same_windows
from pytest_f07.variant.dataset import UNLABELLED, Y_COLUMN, Dataset, labels_of
from pytest_f07.windows import Int8Array, Int64Array

SHOWN_EXAMPLES = 5
CELLS = 8  # 4 * label + 2 * prediction then + prediction now
# Of each cell, whether the prediction was right.
RIGHT_THEN = np.array([1, 1, 0, 0, 0, 0, 1, 1], bool)
RIGHT_NOW = np.array([1, 0, 1, 0, 0, 1, 0, 1], bool)


@dataclass
class Pairs:
    """The paired predictions of one model. Labels are today's, for both runs.

    :param dataset: the model's own.
    :param size: the rows of a block.
    :param counts: int64 ``[blocks, CELLS]``.
    :param examples: by kind, "fixed" and "newly wrong", the flips whose score moved most, with their label.
    """

    dataset: str
    size: int
    counts: Int64Array
    examples: dict[str, list[tuple[Flip, int]]] = field(default_factory=lambda: {"newly wrong": [], "fixed": []})

    @property
    def cells(self) -> list[int]:
        """Return the number of rows in each cell."""
        cells: list[int] = self.counts.sum(axis=0).tolist()
        return cells

    @property
    def rows(self) -> int:
        """Return the number of paired rows."""
        return sum(self.cells)

    def _count(self, then: bool, now: bool) -> int:
        return int(self.counts[:, (RIGHT_THEN == then) & (RIGHT_NOW == now)].sum())

    @property
    def fixed(self) -> int:
        """Return the rows that were wrong and are right."""
        return self._count(False, True)

    @property
    def newly_wrong(self) -> int:
        """Return the rows that were right and are wrong."""
        return self._count(True, False)

    @property
    def still_wrong(self) -> int:
        """Return the rows that were and are wrong."""
        return self._count(False, False)

    def add(self, labels: Int8Array, block: FlipBlock) -> None:
        """Count consecutive rows of the own dataset."""
        valid = block.same_window & (labels != UNLABELLED)
        cells = 4 * labels + 2 * block.y_pred_then + block.y_pred_now
        count_cells(cells, valid, block.first_row, self.size, self.counts)
        flipped = valid & (block.y_pred_then != block.y_pred_now)
        self._keep("fixed", labels, block, flipped & (block.y_pred_now == labels))
        self._keep("newly wrong", labels, block, flipped & (block.y_pred_now != labels))

    def _keep(self, kind: str, labels: Int8Array, block: FlipBlock, flipped: npt.NDArray[np.bool_]) -> None:
        places = np.flatnonzero(flipped)
        sizes = np.nan_to_num(np.abs(block.y_prob_now[places] - block.y_prob_then[places]), nan=1.0)
        places = places[np.argsort(-sizes, kind="stable")[:SHOWN_EXAMPLES]]
        kept = [*self.examples[kind], *((block.flip(place), int(labels[place])) for place in places.tolist())]
        self.examples[kind] = sorted(kept, key=lambda example: example[0].size, reverse=True)[:SHOWN_EXAMPLES]


def pair_rows(
    then: RunLog, now: RunLog, dataset: Dataset, names: Sequence[str], dependent: int | None
) -> dict[str, Pairs]:
    """Return the pairs of each model whose own dataset this is, by name; both logs have the models and the dataset.

    :param dependent: rows after which nothing overlaps, where the package says so.
    """
    rows = min(then.rows[dataset.source_f04], dataset.rows)
    size = block_rows(dataset.rows, dependent)
    blocks = max(1, -(-rows // size))
    pairs = {name: Pairs(dataset.source_f04, size, np.zeros((blocks, CELLS), np.int64)) for name in names}
    first_row = 0
    with then.open(dataset.source_f04) as then_log, now.open(dataset.source_f04) as now_log:
        for batch in dataset.blocks([Y_COLUMN], rows=rows):
            logged = then_log.take(batch.num_rows), now_log.take(batch.num_rows)
            labels = labels_of(batch.column(Y_COLUMN))
            for name in names:
                block = _block(dataset.source_f04, first_row, logged, then.names.index(name), now.names.index(name))
                pairs[name].add(labels, block)
            first_row += batch.num_rows
    return pairs


def _block(
    dataset: str, first_row: int, logged: tuple[LogBlock, LogBlock], column_then: int, column_now: int
) -> FlipBlock:
    then, now = logged
    return FlipBlock(
        dataset,
        first_row,
        now.windows,
        same_windows(then.windows, now.windows),
        then.y_pred[:, column_then],
        then.y_prob[:, column_then],
        now.y_pred[:, column_now],
        now.y_prob[:, column_now],
    )
