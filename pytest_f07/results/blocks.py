"""Count predictions by block of consecutive rows of a model's own dataset, then and now where there are two runs.

Consecutive windows overlap, so rows are not independent of each other; blocks long enough nearly are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pytest_f07.results.flips import RunLog
from pytest_f07.results.formulas import Counts
from pytest_f07.results.references import window_keys
from pytest_f07.variant.dataset import UNLABELLED, X_COLUMN, Y_COLUMN, Dataset, labels_of
from pytest_f07.variant.package import Model
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
class OwnBlocks:
    """The confusion counts of one model by block of its own dataset.

    :param size: the rows of a block.
    :param counts: int64 ``[blocks, 4]``: TN, FP, FN, TP.
    :param neighbours: pairs of consecutive rows of the dataset; ``equal_neighbours`` of them hold the same window.
    """

    size: int
    counts: Int64Array
    neighbours: int = 0
    equal_neighbours: int = 0

    @classmethod
    def empty(cls, rows: int, dependent: int | None) -> OwnBlocks:
        """Return the blocks of a dataset of so many rows, with nothing counted."""
        size = block_rows(rows, dependent)
        return cls(size, np.zeros((max(1, -(-rows // size)), 4), np.int64))

    @property
    def total(self) -> Counts:
        """Return the sum of all blocks."""
        tn, fp, fn, tp = self.counts.sum(axis=0).tolist()
        return Counts(tp, tn, fp, fn)


def count_blocks(
    log: RunLog, datasets: Sequence[Dataset], models: Sequence[Model], dependent: int | None
) -> dict[str, OwnBlocks]:
    """Return the blocks of each model, by prediction_name.

    :param dependent: rows after which nothing overlaps, where the package says so.
    """
    blocks: dict[str, OwnBlocks] = {}
    for dataset in datasets:
        owners = [model.prediction_name for model in models if model.source_f04 == dataset.source_f04]
        if owners:
            counted = {name: OwnBlocks.empty(dataset.rows, dependent) for name in owners}
            _count_dataset(log, dataset, counted)
            blocks |= counted
    return {model.prediction_name: blocks[model.prediction_name] for model in models}


def _count_dataset(log: RunLog, dataset: Dataset, counted: dict[str, OwnBlocks]) -> None:
    first_row, equal, last = 0, 0, pa.array([], pa.large_binary())
    with log.open(dataset.source_f04, ("y_pred",)) as reader:
        for batch in dataset.blocks([X_COLUMN, Y_COLUMN]):
            keys = pa.concat_arrays([last, window_keys(batch.column(X_COLUMN))])
            equal += pc.sum(pc.equal(keys[1:], keys[:-1])).as_py() or 0
            last = keys[-1:]
            logged = reader.take(batch.num_rows)
            labels = labels_of(batch.column(Y_COLUMN))[: len(logged)]
            for name, own in counted.items():
                cells = 2 * labels + logged.y_pred[:, log.names.index(name)]
                count_cells(cells, labels != UNLABELLED, first_row, own.size, own.counts)
            first_row += batch.num_rows
    for own in counted.values():
        own.neighbours, own.equal_neighbours = max(0, dataset.rows - 1), equal
