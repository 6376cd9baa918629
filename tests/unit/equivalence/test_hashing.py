"""Equal windows have equal hashes, and no others have."""

from __future__ import annotations

from itertools import product

import pyarrow as pa
import pytest

from pytest_f07.equivalence.hashing import window_hashes


def test_every_short_window_has_a_hash_of_its_own() -> None:
    windows = [list(codes) for length in range(6) for codes in product([0, 1, 2, -1, 2**62], repeat=length)]
    assert len(set(window_hashes(pa.array(windows, pa.list_(pa.int64()))).tolist())) == len(windows)


@pytest.mark.parametrize("kind", [pa.list_(pa.int8()), pa.large_list(pa.int64()), pa.list_(pa.int32())])
def test_equal_windows_have_equal_hashes_whatever_the_file_and_the_place(kind: pa.DataType) -> None:
    windows = pa.array([[9], [1, -2], [], [-2, 1], [1, -2]], kind)
    hashes = window_hashes(windows).tolist()
    assert hashes[1] == hashes[4]
    assert len(set(hashes)) == 4
    assert hashes == window_hashes(windows.cast(pa.list_(pa.int64()))).tolist()
    assert window_hashes(windows.slice(1)).tolist() == hashes[1:]
    assert window_hashes(windows.slice(5)).tolist() == []
