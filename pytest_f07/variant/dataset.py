"""An F04 dataset: one parquet file of windows and labels, read row group by row group."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pytest_f07.errors import F07Error, first_line
from pytest_f07.variant.documents import pull_hint
from pytest_f07.windows import MAX_CODES, MAX_WINDOW, holds_windows

X_COLUMN = "OW_events"
Y_COLUMN = "label"
UNLABELLED = -1
BLOCK_ROWS = 65_536


@dataclass(frozen=True)
class Dataset:
    """One dataset of a package, cut to its first rows where params.yaml asks for that.

    :param source_f04: the F04 variant that wrote it, like v401; its name in every artefact.
    :param where: its name in messages.
    :param rows: the number of rows that a run reads.
    """

    source_f04: str
    path: Path
    where: str
    rows: int

    @classmethod
    def open(cls, source_f04: str, path: Path, where: str, limit: int | None = None) -> Dataset:
        """Read the schema and the number of rows.

        :param limit: take the first ``limit`` rows only; None for all.
        :raises F07Error: where a column is missing or not of the type that F04 writes.
        """
        rows = _check_schema(path, where)
        return cls(source_f04, path, where, rows if limit is None else min(rows, limit))

    def blocks(
        self, columns: list[str], max_rows: int = BLOCK_ROWS, first_row: int = 0, rows: int | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Yield rows in order, in record batches that never cross a row group.

        A block is held in memory: it has ``max_rows`` rows, or fewer where the windows are long.

        :param first_row: the row to begin with; the blocks before it are cut where they would be without it.
        :param rows: how many rows to read; None for all that follow.
        """
        end = self.rows if rows is None else min(self.rows, first_row + rows)
        group_start = 0
        with pq.ParquetFile(self.path) as file:
            for group in range(file.num_row_groups):
                start, group_start = group_start, group_start + file.metadata.row_group(group).num_rows
                if start >= end:
                    return
                if group_start <= first_row:
                    continue
                size = block_rows(file.metadata, group, max_rows)
                for block in file.iter_batches(size, row_groups=[group], columns=columns):
                    skipped = min(max(0, first_row - start), block.num_rows)
                    wanted = block.slice(skipped, max(0, end - start - skipped))
                    start += block.num_rows
                    if wanted.num_rows:
                        yield wanted

    def check_rows(self) -> None:
        """Raise :class:`F07Error` that names the first row whose window or label is not what F04 writes."""
        first_row = 0
        try:
            for block in self.blocks([X_COLUMN, Y_COLUMN]):
                self._check_windows(block.column(X_COLUMN), first_row)
                self._check_labels(block.column(Y_COLUMN), first_row)
                first_row += block.num_rows
        except (OSError, pa.ArrowException) as error:
            reason = first_line(error)
            raise F07Error(f"{self.where}: cannot be read beyond row {first_row:,} ({reason}).") from None
        if first_row != self.rows:
            raise F07Error(f"{self.where}: declares {self.rows:,} rows and holds {first_row:,}.")

    def _check_windows(self, windows: pa.Array, first_row: int) -> None:
        if windows.null_count:
            row = first_row + _first_true(windows.is_null())
            raise F07Error(f"{self.where}: row {row:,}: {X_COLUMN} is null; an empty window is an empty list.")
        codes, lengths = windows.flatten(), pc.list_value_length(windows)
        if codes.null_count:
            parents = pc.list_parent_indices(windows)
            row = first_row + parents[_first_true(codes.is_null())].as_py()
            raise F07Error(f"{self.where}: row {row:,}: {X_COLUMN} holds a null; codes are integers.")
        if pa.types.is_uint64(codes.type) and len(codes) and pc.max(codes).as_py() >= 2**63:
            position = _first_true(pc.greater_equal(codes, pa.scalar(2**63, pa.uint64())))
            row = first_row + pc.list_parent_indices(windows)[position].as_py()
            raise F07Error(f"{self.where}: row {row:,}: {X_COLUMN} holds {codes[position]}; codes are 64-bit integers.")
        if len(lengths) and (longest := pc.max(lengths).as_py()) > MAX_WINDOW:
            row = first_row + _first_true(pc.greater(lengths, MAX_WINDOW))
            raise F07Error(
                f"{self.where}: row {row:,}: a window of {longest:,} codes; at most {MAX_WINDOW:,} are served."
            )

    def _check_labels(self, labels: pa.Array, first_row: int) -> None:
        values = _to_numbers(labels)
        allowed = pc.or_(pc.is_in(values, pa.array([0, 1]).cast(values.type)), pc.is_null(values))
        if not pc.all(allowed).as_py():
            row = int(pc.index(allowed, False).as_py())
            raise F07Error(
                f"{self.where}: row {first_row + row:,}: {Y_COLUMN} is {values[row].as_py()!r}; "
                "it must be 0, 1, null or NaN (the last two: not labelled)."
            )


def count_codes(metadata: Any, group: int) -> int:
    """Return how many codes the windows of a row group hold; an empty window counts as one.

    Only the column of the windows is looked at: pyarrow ends the whole process at a column whose footer is damaged, and
    :meth:`Dataset.open` has read from this one.

    :param metadata: of the file, as pyarrow gives it.
    """
    paths = [metadata.schema.column(number).path for number in range(metadata.num_columns)]
    columns = [number for number, path in enumerate(paths) if path.split(".")[0] == X_COLUMN]
    codes: int = max(metadata.row_group(group).column(number).num_values for number in columns)
    return codes


def block_rows(metadata: Any, group: int, max_rows: int) -> int:
    """Return how many rows of a row group hold no more codes than one request may, if its windows are alike.

    :param metadata: of the file, as pyarrow gives it.
    """
    rows: int = metadata.row_group(group).num_rows
    return max(1, min(max_rows, MAX_CODES * rows // max(count_codes(metadata, group), 1)))


def _check_schema(path: Path, where: str) -> int:
    """Return the number of rows; raise :class:`F07Error` where the file lacks the columns that F04 writes."""
    if path.exists() and not path.is_file():
        raise F07Error(f"{where}: is no regular file.")
    try:
        metadata = pq.read_metadata(path)
        schema = metadata.schema.to_arrow_schema()
        names = schema.names
        group_rows = sum(metadata.row_group(group).num_rows for group in range(metadata.num_row_groups))
    except FileNotFoundError:
        raise F07Error(f"{where}: no such file{pull_hint(path)}.") from None
    except (OSError, UnicodeError, pa.ArrowException) as error:
        raise F07Error(f"{where}: is not a readable parquet file ({first_line(error)}).") from None
    rows: int = metadata.num_rows
    if rows != group_rows:
        raise F07Error(f"{where}: declares {rows:,} rows, and its row groups {group_rows:,}.")
    for column in (X_COLUMN, Y_COLUMN):
        if names.count(column) != 1:
            raise F07Error(f"{where}: must have one column {column}; its columns are {', '.join(names) or 'none'}.")
    windows, label = schema.field(X_COLUMN).type, schema.field(Y_COLUMN).type
    if not holds_windows(windows):
        raise F07Error(f"{where}: {X_COLUMN} is {windows}; it must be a list or large_list of integers.")
    if not (pa.types.is_integer(label) or pa.types.is_boolean(label) or pa.types.is_floating(label)):
        raise F07Error(f"{where}: {Y_COLUMN} is {label}; it must be of an integer, boolean or float type.")
    _check_row_groups(path, where)
    return rows


def _check_row_groups(path: Path, where: str) -> None:
    """Read the first row of each row group: a reader gives an error where looking into the footer ends the process."""
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            try:
                next(file.iter_batches(1, row_groups=[group], columns=[X_COLUMN, Y_COLUMN]), None)
            except (OSError, pa.ArrowException) as error:
                reason = first_line(error)
                raise F07Error(f"{where}: its row group {group:,} cannot be read ({reason}).") from None


def labels_of(column: pa.Array) -> npt.NDArray[np.int8]:
    """Return labels as int8 ``[rows]``: 0, 1, or :data:`UNLABELLED` for null and NaN."""
    labels: npt.NDArray[np.int8] = pc.fill_null(_to_numbers(column).cast(pa.int8()), UNLABELLED).to_numpy()
    return labels


def _to_numbers(labels: pa.Array) -> pa.Array:
    """Return labels of any type as numbers that Arrow compares: NaN as null, and -0.0 as 0.0."""
    if pa.types.is_boolean(labels.type):
        return labels.cast(pa.int8())
    if pa.types.is_floating(labels.type):
        # By way of numpy: pyarrow 15 casts no float16.
        values = labels.to_numpy(zero_copy_only=False).astype(np.float64) + 0.0
        return pa.array(values, pa.float64(), mask=np.isnan(values))
    return labels


def _first_true(mask: pa.Array) -> int:
    """Return the index of the first True."""
    return int(pc.index(mask, True).as_py())
