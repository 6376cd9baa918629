"""Read the raw predictions back in step with the datasets: ``[windows, models]`` instead of a row each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.parquet as pq


class LoggedRows:
    """The log's rows in order, taken by number; a context manager.

    :param columns: which of its columns to read.
    :param start: the first row to take; the row groups before it are not read.
    """

    def __init__(self, parquet: Path, columns: list[str], start: int = 0) -> None:
        self._file = pq.ParquetFile(parquet)
        self._columns = columns
        self._coming = self._groups(start)
        self._here = self._file.schema_arrow.empty_table().select(columns)
        self.rows: int = self._file.metadata.num_rows

    def _groups(self, start: int) -> Iterator[pa.Table]:
        for group in range(self._file.num_row_groups):
            rows = self._file.metadata.row_group(group).num_rows
            if start < rows:
                yield self._file.read_row_group(group, columns=self._columns).slice(start)
            start = max(0, start - rows)

    def take(self, rows: int) -> pa.Table:
        """The next ``rows`` rows; fewer where the log ends."""
        parts, missing = [self._here], rows - self._here.num_rows
        while missing > 0 and (group := next(self._coming, None)) is not None:
            parts.append(group)
            missing -= group.num_rows
        table = pa.concat_tables(parts)
        self._here = table.slice(rows)
        return table.slice(0, rows).combine_chunks()

    def __enter__(self) -> LoggedRows:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
