"""Test which windows are labelled in which dataset, and windows as keys."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_f07.results import references
from pytest_f07.results.references import ReferenceIndex, window_keys
from pytest_f07.variant.dataset import Dataset
from tests.unit.small_package import write_dataset

quick = settings(derandomize=True, deadline=None, max_examples=100)

WINDOWS = st.lists(st.lists(st.integers(-128, 127), max_size=3), max_size=8)
KINDS = [pa.list_(pa.int8()), pa.large_list(pa.int16()), pa.list_(pa.int64())]


@quick
@given(WINDOWS, st.sampled_from(KINDS), st.sampled_from(KINDS), st.integers(0, 8), st.integers(0, 8))
def test_equal_keys_are_equal_windows_whatever_the_type_and_the_cut(
    windows: list[list[int]], first_kind: pa.DataType, other_kind: pa.DataType, start: int, length: int
) -> None:
    keys = window_keys(pa.array(windows, first_kind)).to_pylist()
    sliced_keys = window_keys(pa.array(windows, other_kind).slice(start, length)).to_pylist()
    assert keys[start : start + length] == sliced_keys
    same = np.array([[a == b for a in windows] for b in windows])
    assert (same == np.array([[a == b for a in keys] for b in keys])).all()


@pytest.fixture
def datasets(tmp_path: Path) -> list[Dataset]:
    """Return v401 with labels for [1, 2] and [], v402 with one for [1, 2] and none for [9], and v403 without model."""
    rows: dict[str, list[tuple[list[int], int | None]]] = {
        "v401": [([1, 2], 1), ([1, 2], 0), ([], 0)],
        "v402": [([1, 2], 1), ([9], None)],
        "v403": [([7], 1)],
    }
    for name, pairs in rows.items():
        write_dataset(tmp_path / name, [window for window, _ in pairs], [label for _, label in pairs])
    return [Dataset.open(name, tmp_path / name, name) for name in rows]


def test_each_window_is_held_once_and_known_by_dataset(datasets: list[Dataset], tmp_path: Path) -> None:
    owners = ["v402", "v401", "v402"]
    index = ReferenceIndex.build(datasets, owners)
    index.write(tmp_path / "index")
    for each in (index, ReferenceIndex.read(tmp_path / "index", owners)):
        assert len(each) == 2
        for kind in KINDS:
            labelled = each.labelled_in(pa.array([[0], [1, 2], [9], [], [2, 1], [7]], kind)[1:])
            assert {name: flags.tolist() for name, flags in labelled.items()} == {
                "v402": [True, False, False, False, False],
                "v401": [True, False, True, False, False],
            }


@quick
@given(WINDOWS, WINDOWS)
def test_unequal_windows_of_one_hash_are_told_apart(labelled: list[list[int]], asked: list[list[int]]) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(references, "window_hashes", lambda windows: np.full(len(windows), 7, np.uint64))
        datasets = []
        for name, windows in (("v401", labelled), ("v402", [])):
            write_dataset(Path(folder, name), windows, [1] * len(windows))
            datasets.append(Dataset.open(name, Path(folder, name), name))
        flags = ReferenceIndex.build(datasets, ["v401"]).labelled_in(pa.array(asked, KINDS[0]))["v401"]
    assert flags.tolist() == [window in labelled for window in asked]


def test_one_dataset_alone_needs_no_index(datasets: list[Dataset], tmp_path: Path) -> None:
    index = ReferenceIndex.build(datasets[:1], ["v401"])
    index.write(tmp_path / "index")
    for each in (index, ReferenceIndex.read(tmp_path / "index", ["v401"])):
        assert len(each) == 0
        assert not each.labelled_in(pa.array([[1, 2]], KINDS[0]))["v401"].any()
