"""Read the prediction log of a finished run as record batches, cut to a model or a dataset, with the labels beside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pytest_f07.log.schema import LOG_ROW_GROUP_ROWS
from pytest_f07.results.reading.own_labels import OwnLabels

LABEL = pa.field("label", pa.int8())


def read_batches(
    files: Iterable[Path], model: str | None, dataset: str | None, labels: OwnLabels | None
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a log in order, as they stand in the file: what is null there is null here.

    The first batch may be empty, so that there is always one that has the columns.

    :param files: the parquet files of the log, in order.
    :param model: the prediction_name whose rows are wanted; None for those of all.
    :param dataset: the dataset whose rows are wanted; None for those of all.
    :param labels: the labels to add as a column; None for none.
    """
    is_first = True
    for path in files:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(LOG_ROW_GROUP_ROWS):
                selected = _select(_select(batch, "prediction_name", model), "dataset", dataset)
                if selected.num_rows or is_first:
                    is_first = False
                    yield selected if labels is None else _append(selected, labels.take(selected))


def _select(batch: pa.RecordBatch, column: str, value: str | None) -> pa.RecordBatch:
    return batch if value is None else batch.filter(pc.equal(batch.column(column), value))


def _append(batch: pa.RecordBatch, labels: pa.Array) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([*batch.columns, labels], schema=batch.schema.append(LABEL))
