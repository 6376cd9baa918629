"""Count the log in one pass, beside the datasets: audit, metrics and no-reference counts of every model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
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
    """The counts of consecutive rows of the log.

    :param metrics: by prediction_name; ``audits`` too.
    :param fault: the first place where the log's rows are not the datasets' rows; None where all are.
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
    """Count the whole log."""
    counts = LogCounts.empty(models)
    index = ReferenceIndex(datasets, [model.source_f04 for model in models])
    with LogReader(parquet, len(models), tuple(SCHEMA.names)) as log:
        emissions = sum(dataset.rows for dataset in datasets) * len(models)
        if log.rows != emissions:
            expected = f"{counted(emissions, 'prediction')} {agreeing(emissions, 'was', 'were')} asked for"
            counts.fault = f"the log has {counted(log.rows, 'row')}; {expected}"
        counts.merge(count_shards(log, shards, index, models))
    return counts


def count_shards(log: LogReader, shards: Sequence[Shard], index: ReferenceIndex, models: Sequence[Model]) -> LogCounts:
    """Count consecutive shards.

    :param log: read up to the first row of the first shard.
    :param index: the labelled windows of the whole package.
    """
    counts = LogCounts.empty(models)
    step = max(1, LOG_BLOCK_ROWS // len(models))
    for block in _labelled_blocks(shards, index):
        for start in range(0, len(block.labels), step):
            part = block.slice(start, step)
            _count_block(counts, models, part, log.take(len(part.labels)))
    return counts


@dataclass(frozen=True)
class _Block:
    """Consecutive rows of a dataset.

    :param first_row: the row number of the first one.
    :param windows: list array ``[rows]``; ``labels`` int8 ``[rows]``.
    :param labelled: by dataset, whether it has a labelled row with the same window, bool ``[rows]``.
    """

    dataset: str
    first_row: int
    windows: pa.Array
    labels: Int8Array
    labelled: dict[str, npt.NDArray[np.bool_]]

    def slice(self, start: int, rows: int) -> _Block:
        """Return some of the rows."""
        part = slice(start, start + rows)
        labelled = {name: flags[part] for name, flags in self.labelled.items()}
        return _Block(
            self.dataset, self.first_row + start, self.windows.slice(start, rows), self.labels[part], labelled
        )


def _labelled_blocks(shards: Sequence[Shard], index: ReferenceIndex) -> Iterator[_Block]:
    """Yield the rows, several datasets looked up at a time: a look-up costs as much as the index is large."""
    lookup_rows = max(BLOCK_ROWS, len(index))
    pending: list[_Block] = []
    for shard in shards:
        first_row = shard.first_row
        for batch in shard.dataset.blocks([X_COLUMN, Y_COLUMN], lookup_rows, shard.first_row, shard.rows):
            labels = labels_of(batch.column(Y_COLUMN))
            pending.append(_Block(shard.dataset.source_f04, first_row, batch.column(X_COLUMN), labels, {}))
            first_row += batch.num_rows
            if sum(len(block.labels) for block in pending) >= lookup_rows:
                yield from _look_up(pending, index)
                pending = []
    if pending:
        yield from _look_up(pending, index)


def _look_up(blocks: Sequence[_Block], index: ReferenceIndex) -> Iterator[_Block]:
    """Yield the blocks with what the index says of their windows."""
    labelled = index.labelled_in([block.windows for block in blocks])
    start = 0
    for block in blocks:
        part = slice(start, start + len(block.labels))
        yield replace(block, labelled={name: flags[part] for name, flags in labelled.items()})
        start = part.stop


def _count_block(counts: LogCounts, models: Sequence[Model], block: _Block, logged: LogBlock) -> None:
    names = [model.prediction_name for model in models]
    dataset, labels = block.dataset, block.labels
    counts.fault = counts.fault or first_difference(logged.table, block.windows, dataset, block.first_row, names)
    # A log that lost rows ends early: its fault says so, and the accounting does not balance.
    rows = len(logged)
    y_pred, y_prob = np.ascontiguousarray(logged.y_pred.T), np.ascontiguousarray(logged.y_prob.T)
    stats = window_stats(block.windows, models)
    for column, model in enumerate(models):
        metrics, audit = counts.metrics[model.prediction_name], counts.audits[model.prediction_name]
        place = (dataset, block.first_row)
        scores = y_prob[column] if logged.has_scores else None
        audit.count(stats[column], model.threshold, place, y_pred[column], scores)
        if scores is not None:
            audit.add_windows(model, place, block.windows, scores)
        if dataset == model.source_f04:
            metrics.count_own(dataset, labels[:rows], y_pred[column])
            if rows == len(labels) and scores is not None:
                audit.scores.add(RowBlock(block.first_row, block.windows, labels, y_pred[column], scores))
        else:
            metrics.count_other(dataset, block.labelled[model.source_f04][:rows], y_pred[column])
