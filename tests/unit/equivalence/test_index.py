"""Which windows are remembered: all within the budget, else a part that holds what is rare."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_f07.equivalence import index as module
from pytest_f07.equivalence.index import WindowIndex, build_index
from pytest_f07.variant.dataset import Dataset

Windows = list[list[int]]


def dataset(folder: Path, name: str, windows: Windows, group: int = 1000) -> Dataset:
    table = pa.table(
        {"OW_events": pa.array(windows, pa.list_(pa.int64())), "label": pa.array([0] * len(windows), pa.int8())}
    )
    pq.write_table(table, folder / f"{name}.parquet", row_group_size=group)
    return Dataset.open(name, folder / f"{name}.parquet", name)


def as_rows(index: WindowIndex) -> set[tuple[int, int]]:
    return set(zip(index.datasets.tolist(), index.rows.tolist(), strict=True))


@settings(derandomize=True, deadline=None, max_examples=30)
@given(st.lists(st.lists(st.lists(st.integers(0, 2), max_size=2), max_size=12), min_size=1, max_size=3))
def test_each_distinct_window_stands_once_where_it_comes_first(
    tmp_path_factory: pytest.TempPathFactory, parts: list[Windows]
) -> None:
    folder = tmp_path_factory.mktemp("index")
    datasets = [dataset(folder, f"v40{number}", windows, 5) for number, windows in enumerate(parts)]
    first: dict[tuple[int, ...], tuple[int, int]] = {}
    for number, windows in enumerate(parts):
        for row, window in enumerate(windows):
            first.setdefault(tuple(window), (number, row))
    index = build_index(datasets, [[0]], 100, 4)
    assert index.is_complete
    assert as_rows(index) == set(first.values())
    for windows in parts:
        places = index.places(pa.array(windows, pa.list_(pa.int64())))
        found = list(zip(index.datasets[places].tolist(), index.rows[places].tolist(), strict=True))
        assert found == [first[tuple(window)] for window in windows]


def test_above_the_budget_equal_windows_are_kept_or_left_out_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SPREAD_ROWS", 2)
    windows = [[row % 5000] for row in range(20_000)]
    windows[7_777] = [9_999]  # a code that comes once
    datasets = [dataset(tmp_path, "v401", windows, 20_000), dataset(tmp_path, "v402", [[-1, row] for row in range(9)])]
    index = build_index(datasets, [[5], [9_999]], 500, 256)
    assert not index.is_complete
    assert 500 <= len(index) <= 520
    places = index.places(pa.array(windows, pa.list_(pa.int64())))
    known = {tuple(window) for window, place in zip(windows, places, strict=True) if place >= 0}
    assert all((tuple(window) in known) == (place >= 0) for window, place in zip(windows, places, strict=True))
    # the edges of a dataset, of its first batch, a row for each code, and rows of every dataset
    assert {tuple(windows[row]) for row in (0, 255, 256, 19_999, 5, 7_777)} <= known
    assert (index.datasets == 1).sum() >= 2
    assert len(np.unique(index.hashes)) == len(index)


def test_nothing_is_in_an_index_of_nothing(tmp_path: Path) -> None:
    index = build_index([dataset(tmp_path, "v401", [])], [[1]], 10, 4)
    assert (len(index), index.is_complete) == (0, True)
    assert index.places(pa.array([[1], []], pa.list_(pa.int64()))).tolist() == [-1, -1]
