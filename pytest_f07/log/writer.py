"""Write the raw predictions batch by batch: parquet and CSV with the same rows (contract, "Out").

Rows stand in the order dataset, row, model. The files have temporary names until they are complete.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from pytest_f07.log.schema import LOG_ROW_GROUP_ROWS, log_schema
from pytest_f07.windows import MAX_CODES, BatchResult, Predictions, window_text

# Arrow's CSV is a quarter faster with these than with its default of 1,024; and the rows go to the writers as soon as
# there are so many, so that little is left to write after the last answer.
BLOCK_ROWS = 16_384
MOST_BLOCKS = 2  # that wait to be written


class PredictionLog:
    """Both files, each written in a thread of its own; a context manager that renames them when it ends without error.

    :param csv: None where only parquet is wanted, as of a part of a log.
    :param names: the prediction names, in order.
    :param has_scores: False where the server gives labels alone.
    """

    def __init__(self, parquet: Path, csv: Path | None, names: tuple[str, ...], has_scores: bool = True) -> None:
        self._schema = log_schema(has_scores)
        self._final = (parquet,) if csv is None else (parquet, csv)
        self._partial = tuple(path.with_name(f".{path.name}.partial") for path in self._final)
        self._names = pa.array(names, pa.string())
        self._pending: list[BatchResult] = []
        self._rows = self._codes = 0
        self._rest = self._schema.empty_table()
        self._parquet_thread = ThreadPoolExecutor(1, thread_name_prefix="f07-log-parquet")
        self._csv_thread = ThreadPoolExecutor(1, thread_name_prefix="f07-log-csv")
        self._blocks: deque[list[Future[None]]] = deque()

    def __enter__(self) -> PredictionLog:
        # Each table that is written becomes a row group. Without the schema's metadata, readers get plain columns.
        self._parquet = pq.ParquetWriter(
            self._partial[0],
            self._schema,
            compression="zstd",
            use_dictionary=["window", "prediction_name", "dataset"],
            store_schema=False,
        )
        self._csv = _CsvFile(self._partial[1], self._schema) if len(self._partial) > 1 else None
        return self

    def add(self, batch: BatchResult) -> None:
        """Log one batch."""
        self._pending.append(batch)
        self._rows += len(batch.predictions) * len(self._names)
        self._codes += len(batch.windows.flatten())
        if self._rows >= BLOCK_ROWS or self._codes >= MAX_CODES:
            self._flush()

    def _flush(self) -> None:
        """Hand over the batches that wait to be written, once the writers are not far behind."""
        while len(self._blocks) >= MOST_BLOCKS:
            self._wait_for_block()
        pending, self._pending = self._pending, []
        self._rows = self._codes = 0
        by_dataset = groupby(pending, key=lambda batch: batch.dataset)
        table = pa.concat_tables([self._to_table(source_f04, list(batches)) for source_f04, batches in by_dataset])
        block = [self._parquet_thread.submit(self._write_full_row_groups, table)]
        if self._csv is not None:
            block.append(self._csv_thread.submit(self._csv.write, table))
        self._blocks.append(block)

    def _wait_for_block(self) -> None:
        for written in self._blocks.popleft():
            written.result()

    def _write_full_row_groups(self, table: pa.Table) -> None:
        table = pa.concat_tables([self._rest, table])
        full_rows = table.num_rows // LOG_ROW_GROUP_ROWS * LOG_ROW_GROUP_ROWS
        for start in range(0, full_rows, LOG_ROW_GROUP_ROWS):
            self._write_row_group(table.slice(start, LOG_ROW_GROUP_ROWS))
        self._rest = table.slice(full_rows)

    def _write_row_group(self, table: pa.Table) -> None:
        self._parquet.write_table(table.combine_chunks(), row_group_size=LOG_ROW_GROUP_ROWS)

    def _to_table(self, source_f04: str, batches: Sequence[BatchResult]) -> pa.Table:
        """Return the rows of consecutive batches of one dataset: a few large columns cost less than many small."""
        windows = pa.concat_arrays([batch.windows for batch in batches])
        models, rows = len(self._names), len(windows)
        row_numbers = np.repeat(np.arange(rows), models)
        return pa.Table.from_arrays(
            [
                window_text(windows).cast(pa.large_string()).take(pa.array(row_numbers)),
                self._names.take(pa.array(np.tile(np.arange(models), rows))),
                pa.array(np.concatenate([batch.predictions.y_pred.ravel() for batch in batches])),
                pa.concat_arrays([_scores(batch.predictions) for batch in batches]),
                pa.repeat(pa.scalar(source_f04), rows * models),
                pa.array(row_numbers + batches[0].first_row),
            ],
            schema=self._schema,
        )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                if self._pending:
                    self._flush()
                while self._blocks:
                    self._wait_for_block()
                if self._rest.num_rows:
                    self._write_row_group(self._rest)
        finally:
            self._parquet_thread.shutdown()
            self._csv_thread.shutdown()
            self._close()
        if kind is None:
            for partial, final in zip(self._partial, self._final, strict=True):
                partial.replace(final)

    def _close(self) -> None:
        if self._csv is not None:
            self._csv.close()
        self._parquet.close()


class _CsvFile:
    """The CSV file of a log."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._file = pa.OSFile(str(path), "wb")
        self._file.write(",".join(schema.names).encode() + b"\n")
        options = pa_csv.WriteOptions(include_header=False, batch_size=BLOCK_ROWS)
        self._writer = pa_csv.CSVWriter(self._file, schema, write_options=options)

    def write(self, table: pa.Table) -> None:
        """Write the rows of a table."""
        self._writer.write_table(table)

    def close(self) -> None:
        """Write what is left, and close the file."""
        self._writer.close()
        self._file.close()


def _scores(predictions: Predictions) -> pa.Array:
    """Return the scores row by row, model by model; null where there are labels alone."""
    scores = predictions.y_prob.ravel()
    return pa.array(scores) if predictions.has_scores else pa.nulls(len(scores), pa.float32())
