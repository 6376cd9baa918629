"""Count the log beside the datasets, shard by shard: audit, metrics and no-reference counts of every model.

The counts of shards merge, so each can be counted where it was replayed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pytest_f07.log.reader import LogBlock, LogReader
from pytest_f07.log.schema import SCHEMA
from pytest_f07.replay.shards import Shard
from pytest_f07.results.audit import ModelAudit, first_difference, window_stats
from pytest_f07.results.blocks import Neighbours, OwnBlocks, block_rows
from pytest_f07.results.metrics import Metrics
from pytest_f07.results.references import ReferenceIndex, window_keys
from pytest_f07.results.scores import RowBlock, Scores
from pytest_f07.variant.dataset import X_COLUMN, Y_COLUMN, Dataset, labels_of
from pytest_f07.variant.package import Model
from pytest_f07.variant.wording import agreeing, counted
from pytest_f07.windows import Int8Array

LOG_BLOCK_ROWS = 262_144


@dataclass
class LogCounts:
    """The counts of consecutive rows of the log.

    :param metrics: by prediction_name; ``audits`` too.
    :param fault: the first place where the log's rows are not the datasets' rows; None where all are.
    :param blocks: by prediction_name, of the models whose own dataset has some of the rows.
    """

    metrics: dict[str, Metrics]
    audits: dict[str, ModelAudit]
    fault: str | None = None
    blocks: dict[str, OwnBlocks] = field(default_factory=dict)

    @classmethod
    def empty(cls, models: Sequence[Model]) -> LogCounts:
        """Return the counts of no rows."""
        return cls(
            {model.prediction_name: Metrics(model.prediction_name) for model in models},
            {model.prediction_name: ModelAudit(model.source_f04, scores=Scores(model.threshold)) for model in models},
        )

    def merge(self, following: LogCounts) -> None:
        """Add the counts of the rows that follow these."""
        self.fault = self.fault or following.fault
        for name in self.metrics:
            self.metrics[name].merge(following.metrics[name])
            self.audits[name].merge(following.audits[name])
        for name, blocks in following.blocks.items():
            if name in self.blocks:
                self.blocks[name].merge(blocks)
            else:
                self.blocks[name] = blocks


class ShardCounter:
    """Count shards of a run, on any machine that has its datasets.

    :param index: of the labelled windows of the whole package.
    :param dependent: rows after which windows and labels do not overlap; None where the package does not say.
    """

    def __init__(
        self, datasets: Sequence[Dataset], models: Sequence[Model], index: ReferenceIndex, dependent: int | None
    ) -> None:
        self._models, self._index = models, index
        self._block_rows = {dataset.source_f04: block_rows(dataset.rows, dependent) for dataset in datasets}

    def count(self, log: LogReader, shard: Shard) -> LogCounts:
        """Return the counts of a shard.

        :param log: read up to its first row.
        """
        counts = LogCounts.empty(self._models)
        size = self._block_rows[shard.dataset.source_f04]
        for model in self._models:
            if model.source_f04 == shard.dataset.source_f04:
                counts.blocks[model.prediction_name] = OwnBlocks.empty(size, shard.first_row, shard.rows)
        for block in self._blocks(shard):
            _count_block(counts, self._models, block, log.take(len(block.labels)))
        return counts

    def count_part(self, part: Path, shard: Shard) -> LogCounts:
        """Return the counts of a shard whose part of the log lies in a file of its own."""
        with LogReader(part, len(self._models), tuple(SCHEMA.names)) as log:
            return self.count(log, shard)

    def _blocks(self, shard: Shard) -> Iterator[_Block]:
        """Yield the rows, a bounded number of predictions at a time."""
        step = max(1, LOG_BLOCK_ROWS // len(self._models))
        first_row = shard.first_row
        for batch in shard.dataset.blocks([X_COLUMN, Y_COLUMN], first_row=shard.first_row, rows=shard.rows):
            for start in range(0, batch.num_rows, step):
                rows = batch.slice(start, step)
                windows, labels = rows.column(X_COLUMN), labels_of(rows.column(Y_COLUMN))
                labelled = self._index.labelled_in(windows)
                yield _Block(shard.dataset.source_f04, first_row, windows, labels, labelled)
                first_row += len(labels)


class CountedShards:
    """The counts of those shards of a run that are counted; of consecutive ones only the sum is kept.

    So what is kept does not grow with the run, in whatever order its shards are counted.
    """

    def __init__(self) -> None:
        self._runs: dict[int, tuple[int, LogCounts]] = {}  # by the first shard: the one after the last

    def add(self, number: int, counts: LogCounts) -> None:
        """Add the counts of a shard.

        :param number: its place in the run, from 0.
        """
        end = number + 1
        if end in self._runs:
            end, following = self._runs.pop(end)
            counts.merge(following)
        for first, (after, earlier) in self._runs.items():
            if after == number:
                earlier.merge(counts)
                self._runs[first] = end, earlier
                return
        self._runs[number] = end, counts

    def missing(self, shards: int) -> list[range]:
        """Return the shards that are not counted yet, consecutive ones together.

        :param shards: the number of all.
        """
        ends = sorted((first, end) for first, (end, _) in self._runs.items())
        gaps = pairwise([(0, 0), *ends, (shards, shards)])
        return [range(end, first) for (_, end), (first, _) in gaps if end < first]

    def total(self, models: Sequence[Model]) -> LogCounts:
        """Return the counts of all shards, of which none is missing."""
        total = LogCounts.empty(models)
        for _, counts in self._runs.values():
            total.merge(counts)
        return total


def count_log(
    parquet: Path,
    shards: Sequence[Shard],
    datasets: Sequence[Dataset],
    models: Sequence[Model],
    dependent: int | None = None,
    counted_shards: CountedShards | None = None,
) -> LogCounts:
    """Count the whole log.

    :param dependent: rows after which windows and labels do not overlap; None where the package does not say.
    :param counted_shards: what was counted already; its rows of the log are not read again.
    """
    counts = counted_shards or CountedShards()
    if missing := counts.missing(len(shards)):
        index = ReferenceIndex.build(datasets, [model.source_f04 for model in models])
        counter = ShardCounter(datasets, models, index, dependent)
        for numbers in missing:
            before = sum(shard.rows for shard in shards[: numbers.start])
            with LogReader(parquet, len(models), tuple(SCHEMA.names), before) as log:
                for number in numbers:
                    counts.add(number, counter.count(log, shards[number]))
    total = counts.total(models)
    for model in models:  # a dataset may have no row
        total.blocks.setdefault(model.prediction_name, OwnBlocks.empty(block_rows(0, dependent), 0, 0))
    with LogReader(parquet, len(models)) as log:
        emissions = sum(dataset.rows for dataset in datasets) * len(models)
        if log.rows != emissions:
            expected = f"{counted(emissions, 'prediction')} {agreeing(emissions, 'was', 'were')} asked for"
            total.fault = f"the log has {counted(log.rows, 'row')}; {expected}"
    return total


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


def _count_block(counts: LogCounts, models: Sequence[Model], block: _Block, logged: LogBlock) -> None:
    names = [model.prediction_name for model in models]
    dataset, labels = block.dataset, block.labels
    counts.fault = counts.fault or first_difference(logged.table, block.windows, dataset, block.first_row, names)
    # A log that lost rows ends early: its fault says so, and the accounting does not balance.
    rows = len(logged)
    y_pred, y_prob = np.ascontiguousarray(logged.y_pred.T), np.ascontiguousarray(logged.y_prob.T)
    stats = window_stats(block.windows, models)
    # Some models may share their own dataset.
    neighbours = Neighbours.of(window_keys(block.windows)) if counts.blocks else Neighbours()
    for column, model in enumerate(models):
        metrics, audit = counts.metrics[model.prediction_name], counts.audits[model.prediction_name]
        place = (dataset, block.first_row)
        scores = y_prob[column] if logged.has_scores else None
        audit.count(stats[column], model.threshold, place, y_pred[column], scores)
        if scores is not None:
            audit.add_windows(model, place, block.windows, scores)
        if dataset == model.source_f04:
            metrics.count_own(dataset, labels[:rows], y_pred[column])
            counts.blocks[model.prediction_name].count(block.first_row, labels[:rows], y_pred[column])
            counts.blocks[model.prediction_name].neighbours.merge(neighbours)
            if rows == len(labels) and scores is not None:
                audit.scores.add(RowBlock(block.first_row, block.windows, labels, y_pred[column], scores))
        else:
            metrics.count_other(dataset, block.labelled[model.source_f04][:rows], y_pred[column])
