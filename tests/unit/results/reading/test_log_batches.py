"""The log as record batches: one file or parts, what is selected, what is null."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pytest_f07.log.schema import log_schema
from pytest_f07.results.reading.log_batches import read_batches

NAMES = ["window", "prediction_name", "y_pred", "y_prob", "dataset", "row"]
ROWS = [
    (f"[{row}]", name, row % 2, None, dataset, row) for dataset in ("v401", "v402") for row in range(3) for name in "ab"
]


def write_parts(folder: Path, *sizes: int) -> list[Path]:
    """Write the rows as a log of labels alone, in so many parts, each in row groups of two."""
    table = pa.Table.from_pylist([dict(zip(NAMES, row, strict=True)) for row in ROWS], log_schema(False))
    paths, first = [], 0
    for number, size in enumerate(sizes):
        paths.append(folder / f"part-{number:05}.parquet")
        pq.write_table(table.slice(first, size), paths[-1], row_group_size=2, store_schema=False)
        first += size
    return paths


@pytest.mark.parametrize("sizes", [(12,), (5, 7), (2, 0, 10)])
@pytest.mark.parametrize("model", [None, "b"])
@pytest.mark.parametrize("dataset", [None, "v402"])
def test_the_rows_are_those_asked_for_in_order(
    tmp_path: Path, sizes: tuple[int, ...], model: str | None, dataset: str | None
) -> None:
    table = pa.Table.from_batches(read_batches(write_parts(tmp_path, *sizes), model, dataset, None))
    wanted = [row for row in ROWS if model in (None, row[1]) and dataset in (None, row[4])]
    assert [tuple(row.values()) for row in table.to_pylist()] == wanted
    assert table["y_prob"].null_count == len(wanted), "null stays null"


def test_a_log_is_read_part_by_part(tmp_path: Path) -> None:
    paths = iter(write_parts(tmp_path, 6, 6))
    batches = read_batches(paths, None, None, None)
    assert next(batches).num_rows == 6
    assert len(list(paths)) == 1, "the second part is not looked at yet"


def test_what_selects_nothing_has_the_columns(tmp_path: Path) -> None:
    [batch] = read_batches(write_parts(tmp_path, 12), "c", None, None)
    assert (batch.num_rows, batch.schema.names) == (0, NAMES)
