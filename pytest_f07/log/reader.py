"""Read the prediction log back in step with the datasets, as arrays ``[windows, models]``."""

from __future__ import annotations

import errno
from collections.abc import Generator, Mapping
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


def log_files(log: Path) -> list[Path]:
    """Return the parquet files of a log in the order of its rows: the file itself, or the parts in its folder."""
    return sorted(log.glob("part-*.parquet")) if log.is_dir() else [log]


class LogReader:
    """The log of one run, read forward; a context manager.

    :param log: a parquet file, or a folder with its parts.
    :param models: the number of models that answered each window.
    :param columns: the columns to read.
    :param first_window: the window to begin with; row groups before it are not read.
    """

    def __init__(self, log: Path, models: int, columns: tuple[str, ...] = SCORES, first_window: int = 0) -> None:
        rows = {path: pq.read_metadata(path).num_rows for path in log_files(log)}
        if not rows:
            raise FileNotFoundError(errno.ENOENT, "the log's folder holds no part", str(log))
        self._models, self._columns = models, list(columns)
        self._groups = self._read_groups(rows, first_window * models)
        self._rest = pq.read_schema(next(iter(rows))).empty_table().select(self._columns)
        self.rows: int = sum(rows.values())

    def _read_groups(self, file_rows: Mapping[Path, int], skip: int) -> Generator[pa.Table]:
        for path, rows_in_file in file_rows.items():
            if skip >= rows_in_file:
                skip -= rows_in_file
                continue
            with pq.ParquetFile(path) as file:
                for group in range(file.num_row_groups):
                    rows = file.metadata.row_group(group).num_rows
                    if skip < rows:
                        yield file.read_row_group(group, columns=self._columns).slice(skip)
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
        self._groups.close()
