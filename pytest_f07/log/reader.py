"""Read the prediction log back in step with the datasets, as arrays ``[windows, models]``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pytest_f07.windows import Float32Array, Int8Array

SCORES = ("y_pred", "y_prob")


@dataclass(frozen=True)
class LogBlock:
    """Consecutive windows of the log, each with one row for each model.

    :param table: the rows as they stand in the file; a damaged log may end within a window.
    :param models: the number of models.
    """

    table: pa.Table
    models: int

    def __len__(self) -> int:
        """Return the number of whole windows."""
        return int(self.table.num_rows // self.models)

    @property
    def y_pred(self) -> Int8Array:
        """Return the predictions, int8 ``[windows, models]``."""
        values: Int8Array = self.table["y_pred"].to_numpy()
        return values[: len(self) * self.models].reshape(len(self), self.models)

    @property
    def y_prob(self) -> Float32Array:
        """Return the scores, float32 ``[windows, models]``; NaN where a score is not a number."""
        values: Float32Array = self.table["y_prob"].to_numpy()
        return values[: len(self) * self.models].reshape(len(self), self.models)

    @property
    def has_scores(self) -> bool:
        """Return False where the server gave labels alone: then y_prob is null in the file, and NaN here."""
        return not self.table.schema.field("y_prob").nullable

    @property
    def windows(self) -> pa.Array:
        """Return the text of each window, a large_string array ``[windows]``."""
        first_rows = pa.array(np.arange(len(self)) * self.models)
        return self.table["window"].combine_chunks().take(first_rows).cast(pa.large_string())


class LogReader:
    """The log of one run, read forward; a context manager.

    :param models: the number of models that answered each window.
    :param columns: the columns to read.
    :param first_window: the window to begin with; row groups before it are not read.
    """

    def __init__(self, parquet: Path, models: int, columns: tuple[str, ...] = SCORES, first_window: int = 0) -> None:
        self._file = pq.ParquetFile(parquet)
        self._models, self._columns = models, list(columns)
        self._groups = self._read_groups(first_window * models)
        self._rest = self._file.schema_arrow.empty_table().select(self._columns)
        self.rows: int = self._file.metadata.num_rows

    def _read_groups(self, skip: int) -> Iterator[pa.Table]:
        for group in range(self._file.num_row_groups):
            rows = self._file.metadata.row_group(group).num_rows
            if skip < rows:
                yield self._file.read_row_group(group, columns=self._columns).slice(skip)
            skip = max(0, skip - rows)

    def take(self, windows: int) -> LogBlock:
        """Return the next ``windows`` windows; fewer where the log ends."""
        parts, rows = [self._rest], windows * self._models
        missing = rows - self._rest.num_rows
        while missing > 0 and (group := next(self._groups, None)) is not None:
            parts.append(group)
            missing -= group.num_rows
        table = pa.concat_tables(parts)
        self._rest = table.slice(rows)
        return LogBlock(table.slice(0, rows).combine_chunks(), self._models)

    def __enter__(self) -> LogReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
