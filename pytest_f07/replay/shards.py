"""Cut the replay into ranges of rows that can be replayed apart, with the same batches and so the same scores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow.parquet as pq

from pytest_f07.variant.dataset import BLOCK_ROWS, Dataset, block_rows

SHARD_PREDICTIONS = 4_000_000


@dataclass(frozen=True)
class Shard:
    """Consecutive rows of one dataset.

    :param first_row: where the replay on one machine begins a batch.
    """

    dataset: Dataset
    first_row: int
    rows: int


def cut_shards(
    datasets: Sequence[Dataset], models: int, batch_size: int, predictions: int = SHARD_PREDICTIONS
) -> list[Shard]:
    """Return all rows of all datasets, in order, in shards of about ``predictions`` rows × models."""
    return [
        Shard(dataset, start, end - start)
        for dataset in datasets
        for start, end in _ranges(dataset, batch_size, max(1, predictions // models))
    ]


def replay_block_rows(batch_size: int) -> int:
    """Return how many rows the replay reads at once: whole batches."""
    return BLOCK_ROWS // batch_size * batch_size


def _ranges(dataset: Dataset, batch_size: int, rows: int) -> Iterator[tuple[int, int]]:
    """Yield where each shard of at least ``rows`` rows begins and ends."""
    start = group_end = 0
    metadata = pq.read_metadata(dataset.path)
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        group_start, group_end = group_end, min(group_end + group.num_rows, dataset.rows)
        block = block_rows(metadata, number, replay_block_rows(batch_size))
        while (end := _next_batch(group_start, block, batch_size, start + rows)) < group_end:
            yield start, end
            start = end
        if group_end - start >= rows:
            yield start, group_end
            start = group_end
    if start < group_end:
        yield start, group_end


def _next_batch(group_start: int, block: int, batch_size: int, row: int) -> int:
    """Return where the first batch at or after ``row`` begins: batches restart at each row group and block."""
    blocks, within = divmod(max(0, row - group_start), block)
    return group_start + blocks * block + min(block, -(-within // batch_size) * batch_size)
