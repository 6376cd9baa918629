"""The distinct windows of all datasets, or, above a budget, a part of them: which the oracle is asked about.

The windows with the smallest hashes are kept, so that equal windows are kept or left out together, whatever the order
of the rows. Memory is bounded by the budget.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pytest_f07.equivalence.hashing import UInt64Array, window_hashes
from pytest_f07.replay.shards import replay_block_rows
from pytest_f07.variant.dataset import BLOCK_ROWS, X_COLUMN, Dataset
from pytest_f07.windows import Int64Array, windows_of

SPREAD_ROWS = 64


@dataclass(frozen=True)
class WindowIndex:
    """Windows by their hash, ascending, each with the first place where it was seen.

    :param datasets: the place of its dataset in the run's order.
    :param rows: its row there.
    :param is_complete: whether every distinct window is there.
    """

    hashes: UInt64Array
    datasets: Int64Array
    rows: Int64Array
    is_complete: bool

    def __len__(self) -> int:
        """Return the number of windows."""
        return len(self.hashes)

    def places(self, windows: pa.Array) -> Int64Array:
        """Return the place of each window in the index; -1 where it is not there."""
        if not len(self):
            return np.full(len(windows), -1)
        wanted = window_hashes(windows)
        places = np.minimum(np.searchsorted(self.hashes, wanted), len(self) - 1)
        return np.where(self.hashes[places] == wanted, places, -1)


def build_index(
    datasets: Sequence[Dataset], vocabularies: Iterable[Sequence[int]], most: int, batch_size: int
) -> WindowIndex:
    """Return the distinct windows of all datasets, or about ``most`` of them.

    Above ``most``, there are besides: rows spread over each dataset, the rows at the edges of its row groups and of the
    batches beside them, and one row for each code of each vocabulary.

    :param vocabularies: of the models.
    :param batch_size: rows that are sent at once.
    """
    index = _smallest(((place, row, window_hashes(block)) for place, row, block in _blocks(datasets, batch_size)), most)
    if index.is_complete:
        return index
    codes = np.unique(np.concatenate([np.array(codes, np.int64) for codes in vocabularies]))
    chosen = list(_chosen(datasets, codes, batch_size))
    besides = _smallest(chosen, sum(len(hashes) for _, _, hashes in chosen))
    return _distinct([index, besides], is_complete=False)


def _blocks(datasets: Sequence[Dataset], batch_size: int) -> Iterator[tuple[int, int, pa.Array]]:
    """Yield the place of the dataset, the first row and the windows of each block."""
    for place, dataset in enumerate(datasets):
        first_row = 0
        for block in dataset.blocks([X_COLUMN], replay_block_rows(batch_size)):
            yield place, first_row, block.column(0)
            first_row += len(block)


def _smallest(blocks: Iterable[tuple[int, int | Int64Array, UInt64Array]], most: int) -> WindowIndex:
    """Return the ``most`` windows with the smallest hashes.

    :param blocks: the place of the dataset, the first row or every row, and the hashes, in order.
    """
    nothing = np.zeros(0, np.int64)
    index = WindowIndex(np.zeros(0, np.uint64), nothing, nothing, is_complete=True)
    pending: list[WindowIndex] = []
    for dataset, first_row, hashes in blocks:
        rows = first_row + np.arange(len(hashes)) if isinstance(first_row, int) else first_row
        pending.append(WindowIndex(hashes, np.full(len(hashes), dataset), rows, is_complete=True))
        if sum(map(len, pending)) > max(BLOCK_ROWS, len(index)):
            index, pending = _cut(_distinct([index, *pending], index.is_complete), most), []
    return _cut(_distinct([index, *pending], index.is_complete), most)


def _distinct(parts: Sequence[WindowIndex], is_complete: bool) -> WindowIndex:
    hashes = np.concatenate([part.hashes for part in parts])
    hashes, first = np.unique(hashes, return_index=True)  # the first of equal ones
    datasets = np.concatenate([part.datasets for part in parts])[first]
    rows = np.concatenate([part.rows for part in parts])[first]
    return WindowIndex(hashes, datasets, rows, is_complete)


def _cut(index: WindowIndex, most: int) -> WindowIndex:
    part = slice(0, most)
    is_complete = index.is_complete and len(index) <= most
    return WindowIndex(index.hashes[part], index.datasets[part], index.rows[part], is_complete)


def _chosen(
    datasets: Sequence[Dataset], codes: Int64Array, batch_size: int
) -> Iterator[tuple[int, Int64Array, UInt64Array]]:
    """Yield rows of each dataset that are asked about whatever their hash, and their hashes."""
    missing = codes
    for place, first_row, windows in _blocks(datasets, batch_size):
        spread = np.linspace(0, datasets[place].rows - 1, SPREAD_ROWS).astype(np.int64)
        # Batches begin anew with each block.
        edges = np.minimum([0, batch_size - 1, batch_size, len(windows) - 1], len(windows) - 1)
        decoded = windows_of(windows)
        seen, first = np.unique(decoded.codes, return_index=True)
        is_new = np.isin(seen, missing)
        missing = np.setdiff1d(missing, seen[is_new])
        within = spread[(spread >= first_row) & (spread < first_row + len(windows))] - first_row
        rows: npt.NDArray[np.int64] = np.unique(np.concatenate([edges, within, decoded.rows[first[is_new]]]))
        rows = rows.astype(np.int64)
        yield place, rows + first_row, window_hashes(windows.take(pa.array(rows)))
