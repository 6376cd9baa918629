"""Read datasets and log for the second count, into lists of Python's own values; import nothing of this package."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

BATCH_ROWS = 16_384
BATCH_CODES = 4_000_000
KEPT_CODES = 1_000_000
LOG_COLUMNS = ["window", "prediction_name", "y_pred", "y_prob", "dataset", "row"]


def dataset_blocks(
    path: Path, texts: WindowTexts, limit: int | None, models: int = 1
) -> Iterator[tuple[list[str], list[float | None]]]:
    """Yield the windows, as the log writes them, and the labels (None for null and NaN) of the first ``limit`` rows.

    :param models: how many predictions belong to a row; the smaller a block is, the more there are.
    """
    left = limit
    with pq.ParquetFile(path) as file:
        paths = [file.metadata.schema.column(number).path for number in range(file.metadata.num_columns)]
        window_columns = [number for number, path in enumerate(paths) if path.split(".")[0] == "OW_events"]
        for group in range(file.num_row_groups):
            info = file.metadata.row_group(group)
            codes_in_group = max(info.column(number).num_values for number in window_columns)
            most = min(BATCH_ROWS // models, BATCH_CODES * info.num_rows // max(codes_in_group, 1))
            for batch in file.iter_batches(max(1, most), row_groups=[group], columns=["OW_events", "label"]):
                batch = batch[:left]
                if len(batch):
                    labels = _values(batch.column("label"))
                    yield texts.of(batch.column("OW_events")), [None if label != label else label for label in labels]
                if left is not None:
                    left -= len(batch)


class WindowTexts(dict[bytes, str]):
    """The text of windows by their codes; windows repeat, so texts are kept, of so many codes."""

    codes = 0

    def __missing__(self, window: bytes) -> str:
        codes = memoryview(window).cast("q").tolist()
        self.codes += len(codes)
        if self.codes > KEPT_CODES:
            self.clear()
            self.codes = len(codes)
        text = self[window] = str(codes).replace(" ", "")
        return text

    def of(self, windows: pa.Array) -> list[str]:
        """Return windows as the log writes them."""
        codes, end, texts = windows.flatten().cast(pa.int64()).to_numpy().tobytes(), 0, []
        for length in _values(windows.value_lengths()):
            start, end = end, end + 8 * length
            texts.append(self[codes[start:end]])
        return texts


class Log:
    """The columns of a log, some rows at a time."""

    def __init__(self, path: Path) -> None:
        self._batches = _log_batches(path)
        self._columns: list[list[Any]] = [[] for _ in LOG_COLUMNS]

    def take(self, rows: int) -> list[list[Any]]:
        """Return the next rows; fewer where the log ends."""
        while len(self._columns[0]) < rows and (batch := next(self._batches, None)):
            self._columns = [column + more for column, more in zip(self._columns, batch, strict=True)]
        taken = [column[:rows] for column in self._columns]
        self._columns = [column[rows:] for column in self._columns]
        return taken


def log_rows(path: Path) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a log: the values of :data:`LOG_COLUMNS`."""
    for columns in _log_batches(path):
        yield from zip(*columns, strict=True)


def _log_batches(path: Path) -> Iterator[list[list[Any]]]:
    for part in sorted(path.glob("part-*.parquet")) if path.is_dir() else [path]:
        with pq.ParquetFile(part, read_dictionary=["window", "prediction_name", "dataset"]) as file:
            for batch in file.iter_batches(BATCH_ROWS, columns=LOG_COLUMNS):
                yield [_values(batch.column(name)) for name in LOG_COLUMNS]


def _values(column: pa.Array) -> list[Any]:
    """Return the values of a column; ``to_pylist`` alone takes four times as long in older versions of Arrow."""
    if pa.types.is_dictionary(column.type):
        texts = column.dictionary.to_pylist()
        return [None if index is None else texts[index] for index in _values(column.indices)]
    if column.null_count:
        return cast("list[Any]", column.to_pylist())
    return cast("list[Any]", column.to_numpy(zero_copy_only=False).tolist())
