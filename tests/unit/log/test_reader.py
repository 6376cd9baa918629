"""Test reading the log in step with the datasets, from any window on, as arrays ``[windows, models]``."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pytest_f07.log.reader import LogReader, log_files

WINDOWS = 10


@pytest.fixture(params=[(1, []), (4, []), (100, []), (4, [6, 20]), (1, [0, 2, 4])], ids="groups and parts of {}".format)
def parquet(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a log of two models whose scores of window w are w / 10 and w / 100, in a file or in parts."""
    row_group, cuts = request.param
    windows = np.repeat(np.arange(WINDOWS), 2)
    table = pa.table(
        {
            "window": pa.array([f"[{window}]" for window in windows], pa.large_string()),
            "y_pred": pa.array(windows % 2, pa.int8()),
            "y_prob": pa.array((windows / np.tile([10, 100], WINDOWS)).astype(np.float32)),
        }
    )
    path = tmp_path / "log.parquet"
    if not cuts:
        pq.write_table(table, path, row_group_size=row_group, store_schema=False)
        return path
    path.mkdir()
    (path / "part-00000.json").write_text("a record")
    for number, (start, end) in enumerate(pairwise([0, *cuts, len(windows)])):
        part = table.slice(start, end - start)
        pq.write_table(part, path / f"part-{number:05}.parquet", row_group_size=row_group, store_schema=False)
    return path


def test_windows_are_taken_in_order_across_row_groups(parquet: Path) -> None:
    with LogReader(parquet, 2, ("window", "y_pred", "y_prob")) as log:
        assert log.rows == 2 * WINDOWS
        blocks = [log.take(count) for count in (0, 3, 1, 5, 9, 2)]
    assert [len(block) for block in blocks] == [0, 3, 1, 5, 1, 0]
    assert [text for block in blocks for text in block.windows.to_pylist()] == [f"[{w}]" for w in range(WINDOWS)]
    assert blocks[1].y_pred.tolist() == [[0, 0], [1, 1], [0, 0]]
    np.testing.assert_array_equal(blocks[2].y_prob, np.array([[0.3, 0.03]], np.float32))


@pytest.mark.parametrize("first", [0, 1, 7, WINDOWS])
def test_reading_may_begin_at_any_window(parquet: Path, first: int) -> None:
    with LogReader(parquet, 2, first_window=first) as log:
        block = log.take(100)
    assert len(block) == WINDOWS - first
    assert block.y_prob[:, 1].tolist() == [np.float32(window / 100) for window in range(first, WINDOWS)]


def test_a_log_that_ends_within_a_window_gives_the_whole_ones(parquet: Path, tmp_path: Path) -> None:
    table = pa.concat_tables(pq.read_table(path) for path in log_files(parquet))
    pq.write_table(table.slice(0, 5), tmp_path / "short.parquet", store_schema=False)
    with LogReader(tmp_path / "short.parquet", 2) as log:
        block = log.take(10)
    assert (len(block), block.y_pred.shape, block.table.num_rows) == (2, (2, 2), 5)


def test_a_folder_without_parts_is_no_log(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=f"the log's folder holds no part: '{tmp_path}'"):
        LogReader(tmp_path, 2)
