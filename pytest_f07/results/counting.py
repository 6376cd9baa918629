"""Count the log in one pass: audit, metrics and no-reference counts of every model, shard by shard, and merge them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pytest_f07.log.reader import LogBlock, LogReader
from pytest_f07.log.schema import SCHEMA
from pytest_f07.replay.shards import Shard
from pytest_f07.results.audit import ModelAudit, first_difference, window_stats
from pytest_f07.results.metrics import Metrics
from pytest_f07.results.references import ReferenceIndex
from pytest_f07.results.scores import RowBlock, Scores
from pytest_f07.variant.dataset import BLOCK_ROWS, X_COLUMN, Y_COLUMN, Dataset, labels_of
from pytest_f07.variant.package import Model
from pytest_f07.variant.wording import agreeing, counted
from pytest_f07.windows import Int8Array

LOG_BLOCK_ROWS = 262_144


@dataclass
class LogCounts:
    """What consecutive rows of the log hold.

    :param metrics: by prediction_name; ``audits`` too.
    :param fault: the first place where the log is not the datasets, row for row; None where it is.
    """

    metrics: dict[str, Metrics]
    audits: dict[str, ModelAudit]
    fault: str | None = None

    @classmethod
    def empty(cls, models: Sequence[Model]) -> LogCounts:
        """Return the counts of no rows."""
        return cls(
            {model.prediction_name: Metrics(model.prediction_name) for model in models},
            {model.prediction_name: ModelAudit(model.source_f04, scores=Scores(model.threshold)) for model in models},
        )

    def merge(self, later: LogCounts) -> None:
        """Add the counts of later rows."""
        self.fault = self.fault or later.fault
        for name in self.metrics:
            self.metrics[name].merge(later.metrics[name])
            self.audits[name].merge(later.audits[name])


def count_log(
    parquet: Path, shards: Sequence[Shard], datasets: Sequence[Dataset], models: Sequence[Model]
) -> LogCounts:
    """Read the whole log once, beside the datasets."""
    counts = LogCounts.empty(models)
    index = ReferenceIndex(datasets, [model.source_f04 for model in models])
    with LogReader(parquet, len(models), tuple(SCHEMA.names)) as log:
        emissions = sum(dataset.rows for dataset in datasets) * len(models)
        if log.rows != emissions:
            asked = f"{counted(emissions, 'prediction')} {agreeing(emissions, 'was', 'were')} asked for"
            counts.fault = f"the log has {counted(log.rows, 'row')}; {asked}"
        for shard in shards:
            counts.merge(count_shard(log, shard, index, models))
    return counts


def count_shard(log: LogReader, shard: Shard, index: ReferenceIndex, models: Sequence[Model]) -> LogCounts:
    """Count one shard.

    :param log: read up to the shard's first row.
    :param index: the labelled windows of the whole package.
    """
    counts = LogCounts.empty(models)
    dataset, first_row = shard.dataset, shard.first_row
    step = max(1, LOG_BLOCK_ROWS // len(models))
    most = max(BLOCK_ROWS, len(index))
    for block in dataset.blocks([X_COLUMN, Y_COLUMN], most, shard.first_row, shard.rows):
        windows, labels = block.column(X_COLUMN), labels_of(block.column(Y_COLUMN))
        labelled = index.labelled_in(windows)
        for start in range(0, block.num_rows, step):
            part = slice(start, start + step)
            _count_block(
                counts,
                models,
                dataset.source_f04,
                first_row + start,
                log.take(len(labels[part])),
                windows.slice(start, step),
                labels[part],
                {name: each[part] for name, each in labelled.items()},
            )
        first_row += block.num_rows
    return counts


def _count_block(
    counts: LogCounts,
    models: Sequence[Model],
    dataset: str,
    first_row: int,
    logged: LogBlock,
    windows: pa.Array,
    labels: Int8Array,
    labelled: dict[str, npt.NDArray[np.bool_]],
) -> None:
    names = [model.prediction_name for model in models]
    counts.fault = counts.fault or first_difference(logged.table, windows, dataset, first_row, names)
    # A log that lost rows ends early: its fault says so, and the accounting does not balance.
    rows = len(logged)
    y_pred, y_prob = np.ascontiguousarray(logged.y_pred.T), np.ascontiguousarray(logged.y_prob.T)
    stats = window_stats(windows, models)
    for column, model in enumerate(models):
        metrics, audit = counts.metrics[model.prediction_name], counts.audits[model.prediction_name]
        audit.count(stats[column], model.threshold, (dataset, first_row), y_pred[column], y_prob[column])
        if dataset == model.source_f04:
            metrics.count_own(dataset, labels[:rows], y_pred[column])
            if rows == len(labels):
                audit.scores.add(RowBlock(first_row, windows, labels, y_pred[column], y_prob[column]))
        else:
            metrics.count_other(dataset, labelled[model.source_f04][:rows], y_pred[column])
