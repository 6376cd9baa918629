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
from pytest_f07.windows import MAX_CODES, MAX_WINDOW, holds_windows

X_COLUMN = "OW_events"
Y_COLUMN = "label"
UNLABELLED = -1
BLOCK = 65_536


@dataclass(frozen=True)
class Dataset:
    """One dataset of a package, cut to its first ``limit`` rows where that is set.

    :param source_f04: the variant that made it, like v401; its name in every artefact.
    """

    source_f04: str
    path: Path
    where: str
    limit: int | None = None

    @property
    def rows(self) -> int:
        """How many rows a run reads."""
        rows: int = pq.read_metadata(self.path).num_rows
        return rows if self.limit is None else min(rows, self.limit)

    def blocks(self, columns: list[str], most: int = BLOCK) -> Iterator[pa.RecordBatch]:
        """The rows in order, in record batches of ``most`` rows that never cross a row group; of fewer rows where the
        windows are long, for a block is held in memory."""
        left = self.rows
        with pq.ParquetFile(self.path) as file:
            for group in range(file.num_row_groups):
                at_once = _rows_at_once(file.metadata.row_group(group), most)
                for block in file.iter_batches(at_once, row_groups=[group], columns=columns):
                    if left <= 0:
                        return
                    yield block.slice(0, left)
                    left -= block.num_rows

    def check_schema(self) -> None:
        """Raise :class:`F07Error` where a column is missing or not of the type that F04 writes."""
        if self.path.exists() and not self.path.is_file():
            raise F07Error(f"{self.where}: is no regular file.")
        try:
            found = pq.read_metadata(self.path)
            schema = found.schema.to_arrow_schema()
            names = schema.names
            grouped = sum(found.row_group(group).num_rows for group in range(found.num_row_groups))
        except FileNotFoundError:
            raise F07Error(f"{self.where}: no such file.") from None
        except (OSError, UnicodeError, pa.ArrowException) as error:
            raise F07Error(f"{self.where}: is not a readable parquet file ({first_line(error)}).") from None
        if found.num_rows != grouped:
            raise F07Error(f"{self.where}: declares {found.num_rows:,} rows, and its row groups {grouped:,}.")
        for column in (X_COLUMN, Y_COLUMN):
            if names.count(column) != 1:
                raise F07Error(
                    f"{self.where}: must have one column {column}; its columns are {', '.join(names) or 'none'}."
                )
        windows, label = schema.field(X_COLUMN).type, schema.field(Y_COLUMN).type
        if not holds_windows(windows):
            raise F07Error(f"{self.where}: {X_COLUMN} is {windows}; it must be a list or large_list of integers.")
        if not (pa.types.is_integer(label) or pa.types.is_boolean(label) or pa.types.is_floating(label)):
            raise F07Error(f"{self.where}: {Y_COLUMN} is {label}; it must be of an integer, boolean or float type.")

    def check_rows(self) -> None:
        """Raise :class:`F07Error` that names the first row whose window or label is not what F04 writes."""
        first = 0
        try:
            for block in self.blocks([X_COLUMN, Y_COLUMN]):
                self._check_windows(block.column(X_COLUMN), first)
                self._check_labels(block.column(Y_COLUMN), first)
                first += block.num_rows
        except (OSError, pa.ArrowException) as error:
            reason = first_line(error)
            raise F07Error(f"{self.where}: cannot be read beyond row {first:,} ({reason}).") from None
        if first != self.rows:
            raise F07Error(f"{self.where}: declares {self.rows:,} rows and holds {first:,}.")

    def _check_windows(self, windows: pa.Array, first: int) -> None:
        if windows.null_count:
            row = first + _first(windows.is_null())
            raise F07Error(f"{self.where}: row {row:,}: {X_COLUMN} is null; an empty window is an empty list.")
        codes, lengths = windows.flatten(), pc.list_value_length(windows)
        if codes.null_count:
            parents = pc.list_parent_indices(windows)
            row = first + parents[_first(codes.is_null())].as_py()
            raise F07Error(f"{self.where}: row {row:,}: {X_COLUMN} holds a null; codes are integers.")
        if pa.types.is_uint64(codes.type) and len(codes) and pc.max(codes).as_py() >= 2**63:
            place = _first(pc.greater_equal(codes, pa.scalar(2**63, pa.uint64())))
            row = first + pc.list_parent_indices(windows)[place].as_py()
            raise F07Error(f"{self.where}: row {row:,}: {X_COLUMN} holds {codes[place]}; codes are 64-bit integers.")
        if len(lengths) and (longest := pc.max(lengths).as_py()) > MAX_WINDOW:
            row = first + _first(pc.greater(lengths, MAX_WINDOW))
            raise F07Error(
                f"{self.where}: row {row:,}: a window of {longest:,} codes; at most {MAX_WINDOW:,} are served."
            )

    def _check_labels(self, labels: pa.Array, first: int) -> None:
        values = _numbers(labels)
        allowed = pc.or_(pc.is_in(values, pa.array([0, 1]).cast(values.type)), pc.is_null(values))
        if not pc.all(allowed).as_py():
            row = int(pc.index(allowed, False).as_py())
            raise F07Error(
                f"{self.where}: row {first + row:,}: {Y_COLUMN} is {values[row].as_py()!r}; "
                "it must be 0, 1, null or NaN (the last two: not labelled)."
            )


def _rows_at_once(group: Any, most: int) -> int:
    """How many rows of a row group hold no more codes than one request may, if its windows are alike."""
    values: int = max(group.column(number).num_values for number in range(group.num_columns))
    rows: int = group.num_rows
    return max(1, min(most, MAX_CODES * rows // max(values, 1)))


def labels_of(column: pa.Array) -> npt.NDArray[np.int8]:
    """Labels as int8 ``[rows]``: 0, 1, or :data:`UNLABELLED` for null and NaN."""
    labels: npt.NDArray[np.int8] = pc.fill_null(_numbers(column).cast(pa.int8()), UNLABELLED).to_numpy()
    return labels


def _numbers(labels: pa.Array) -> pa.Array:
    """Labels of any type as numbers that Arrow compares: NaN as null, and -0.0 as 0.0."""
    if pa.types.is_boolean(labels.type):
        return labels.cast(pa.int8())
    if pa.types.is_floating(labels.type):
        # By way of numpy: pyarrow 15 casts no float16.
        values = labels.to_numpy(zero_copy_only=False).astype(np.float64) + 0.0
        return pa.array(values, pa.float64(), mask=np.isnan(values))
    return labels


def _first(mask: pa.Array) -> int:
    return int(pc.index(mask, True).as_py())
