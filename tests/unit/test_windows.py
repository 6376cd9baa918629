"""Windows: lists, parts, and the limits of a request."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from pytest_f07.errors import TooLarge
from pytest_f07.windows import (
    MAX_CODES,
    MAX_WINDOW,
    MAX_WINDOWS,
    Windows,
    check_window_count,
    holds_windows,
    windows_of,
)

LISTS = [[1, 2], [], [3], [4, 5, 6]]


@pytest.mark.parametrize("kind", [pa.list_(pa.int64()), pa.large_list(pa.int32())], ids=str)
def test_an_arrow_column_gives_its_windows_also_as_a_slice(kind: pa.DataType) -> None:
    column = pa.array(LISTS, kind)
    assert windows_of(column).lists() == LISTS
    assert windows_of(column[1:3]).lists() == LISTS[1:3]


@pytest.mark.parametrize("max_windows", [1, 2, 3, 4, 9])
def test_parts_hold_the_same_windows_in_order(max_windows: int) -> None:
    parts = list(windows_of(pa.array(LISTS, pa.list_(pa.int64()))).parts(max_windows))
    assert [window for part in parts for window in part.lists()] == LISTS
    assert all(len(part) <= max_windows and part.offsets[0] == 0 for part in parts)


def test_each_code_has_the_index_of_its_window() -> None:
    assert windows_of(pa.array(LISTS, pa.list_(pa.int64()))).rows.tolist() == [0, 0, 2, 3, 3, 3]


@pytest.mark.parametrize(
    ("offsets", "message"),
    [
        ([0, MAX_WINDOW + 1], f"a window of {MAX_WINDOW + 1:,} codes; at most {MAX_WINDOW:,} are answered"),
        ([0, MAX_CODES + 1], f"{MAX_CODES + 1:,} codes in one request; at most {MAX_CODES:,} are answered"),
    ],
)
def test_windows_over_a_limit_are_refused(offsets: list[int], message: str) -> None:
    with pytest.raises(TooLarge) as caught:
        Windows(np.zeros(offsets[-1], np.int64), np.array(offsets, np.int64)).checked()
    assert str(caught.value) == message


def test_more_windows_than_one_request_may_hold_are_refused() -> None:
    check_window_count(MAX_WINDOWS)
    with pytest.raises(TooLarge, match=f"{MAX_WINDOWS + 1:,} windows in one request"):
        check_window_count(MAX_WINDOWS + 1)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (pa.list_(pa.int64()), True),
        (pa.large_list(pa.uint8()), True),
        (pa.list_(pa.float64()), False),
        (pa.int64(), False),
        (pa.string(), False),
    ],
    ids=str,
)
def test_lists_of_integers_hold_windows(kind: pa.DataType, expected: bool) -> None:
    assert holds_windows(kind) is expected
