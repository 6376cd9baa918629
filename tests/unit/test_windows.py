from __future__ import annotations

import json

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_f07 import windows as module
from pytest_f07.errors import TooLarge
from pytest_f07.windows import MAX_CODES, MAX_WINDOWS, Windows, window_text, windows_of

quick = settings(derandomize=True, deadline=None)
CODES = st.lists(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=4), max_size=6)
LISTS = st.lists(st.lists(st.integers(-128, 127), max_size=4), max_size=8)
FEW_CODES = st.lists(st.lists(st.sampled_from([0, 7, 255]), max_size=9), max_size=9)
KINDS = [pa.list_(pa.int8()), pa.large_list(pa.int16()), pa.list_(pa.int64())]


@quick
@given(LISTS, st.sampled_from(KINDS), st.integers(0, 8), st.integers(0, 8))
def test_an_arrow_array_and_any_slice_of_it_become_the_same_windows(
    lists: list[list[int]], kind: pa.DataType, start: int, length: int
) -> None:
    windows = windows_of(pa.array(lists, kind).slice(start, length))
    expected = lists[start : start + length]
    assert windows.lists() == expected
    assert len(windows) == len(expected)
    assert (windows.codes.dtype.name, int(windows.offsets[0])) == ("int64", 0)
    assert windows.rows.tolist() == [row for row, codes in enumerate(expected) for _ in codes]


@quick
@given(LISTS, st.integers(1, 9))
def test_parts_are_the_same_windows_in_order(lists: list[list[int]], most: int) -> None:
    parts = list(windows_of(pa.array(lists, pa.list_(pa.int64()))).parts(most))
    assert [codes for part in parts for codes in part.lists()] == lists
    assert all(len(part) <= most and part.offsets[0] == 0 for part in parts)


def test_a_request_of_too_many_windows_codes_or_codes_in_a_window_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_WINDOWS", 3)
    monkeypatch.setattr(module, "MAX_CODES", 6)
    monkeypatch.setattr(module, "MAX_WINDOW", 4)

    def check(lists: list[list[int]]) -> Windows:
        return windows_of(pa.array(lists, pa.list_(pa.int64()))).checked()

    assert len(check([[1, 2, 3, 4], [], [5, 6]])) == 3
    refused: dict[str, list[list[int]]] = {
        "4 windows in one request; at most 3 are answered": [[], [], [], []],
        "7 codes in one request; at most 6 are answered": [[1, 2, 3], [4, 5, 6, 7]],
        "a window of 5 codes; at most 4 are answered": [[1, 2, 3, 4, 5]],
    }
    for message, lists in refused.items():
        with pytest.raises(TooLarge, match=message):
            check(lists)


def test_the_limits_are_those_of_the_contract() -> None:
    assert (MAX_WINDOWS, MAX_CODES) == (65_536, 8_388_608)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (pa.list_(pa.int8()), True),
        (pa.large_list(pa.uint32()), True),
        (pa.list_(pa.float64()), False),
        (pa.list_(pa.list_(pa.int8())), False),
        (pa.int64(), False),
        (pa.string(), False),
    ],
)
def test_only_lists_of_integers_hold_windows(kind: pa.DataType, expected: bool) -> None:
    assert module.holds_windows(kind) is expected


@pytest.mark.parametrize(
    ("kind", "lists"),
    [
        (pa.list_(pa.int64()), CODES),
        (pa.large_list(pa.int64()), CODES),
        (pa.list_(pa.uint8()), FEW_CODES),
        (pa.large_list(pa.uint64()), FEW_CODES),
    ],
)
@quick
@given(st.data(), st.integers(0, 6), st.integers(0, 6))
def test_windows_are_compact_json_also_of_a_slice(
    kind: pa.DataType, lists: st.SearchStrategy[list[list[int]]], data: st.DataObject, start: int, length: int
) -> None:
    windows = data.draw(lists)
    texts = window_text(pa.array(windows, kind).slice(start, length)).to_pylist()
    assert texts == [json.dumps(window, separators=(",", ":")) for window in windows[start : start + length]]
