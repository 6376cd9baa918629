"""Find the most wrong rows of a server that gives labels alone: by the scores of the oracle."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from pytest_f07.log.reader import LogReader
from pytest_f07.replay.shards import Shard
from pytest_f07.results.audit import ModelAudit
from pytest_f07.results.scores import RowBlock
from pytest_f07.variant.dataset import X_COLUMN, Y_COLUMN, labels_of
from pytest_f07.variant.package import Model
from pytest_f07.windows import Float32Array


def add_oracle_examples(
    parquet: Path,
    shards: Sequence[Shard],
    models: Sequence[Model],
    audits: Mapping[str, ModelAudit],
    look_up: Callable[[pa.Array], Float32Array],
) -> None:
    """Add the rows that the report shows of each model.

    :param parquet: the log, with labels alone.
    :param look_up: returns the oracle's scores of windows, ``[windows, models]``; NaN where it has none.
    """
    with LogReader(parquet, len(models), ("y_pred",)) as log:
        for shard in shards:
            first_row = shard.first_row
            for batch in shard.dataset.blocks([X_COLUMN, Y_COLUMN], first_row=shard.first_row, rows=shard.rows):
                windows, labels = batch.column(X_COLUMN), labels_of(batch.column(Y_COLUMN))
                y_pred, scores = log.take(len(labels)).y_pred, look_up(windows)
                for column, model in enumerate(models):
                    # A log that lost rows ends early, which is a fault of its own.
                    if model.source_f04 == shard.dataset.source_f04 and len(y_pred) == len(labels):
                        block = RowBlock(first_row, windows, labels, y_pred[:, column], scores[:, column])
                        audits[model.prediction_name].scores.add_examples(block)
                first_row += len(labels)
