"""Read a part of a prediction log back in the batches in which its rows were replayed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pytest_f07.log.reader import LogReader
from pytest_f07.replay.replay import batches
from pytest_f07.replay.shards import Shard
from pytest_f07.windows import BatchResult, Predictions


def read_part(parquet: Path, shard: Shard, batch_size: int, names: tuple[str, ...]) -> Iterator[BatchResult]:
    """Yield the batches of a shard as the replay gave them: windows from the dataset, predictions from the part.

    Whoever takes a batch cannot tell whether the server answered just now; so a log that is joined of parts has the
    bytes of one that was written while the server answered.

    :param parquet: the part of the log that holds the shard's rows.
    :param names: the prediction names, in order.
    """
    row = shard.first_row
    with LogReader(parquet, len(names)) as log:
        for windows in batches(shard, batch_size):
            rows = log.take(len(windows))
            predictions = Predictions(names, rows.y_pred, rows.y_prob, rows.has_scores)
            yield BatchResult(shard.dataset.source_f04, row, windows, predictions)
            row += len(windows)
