"""Test that shards of any size give the same batches."""

from __future__ import annotations

from itertools import pairwise
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_f07.replay.replay import batches
from pytest_f07.replay.shards import Shard, cut_shards
from tests.unit.replay.test_replay import write_dataset

quick = settings(derandomize=True, deadline=None, max_examples=100)
WINDOWS = st.lists(st.integers(0, 9), max_size=4)


@quick
@given(
    st.lists(st.lists(WINDOWS, max_size=12), max_size=4),
    st.integers(1, 6),
    st.none() | st.integers(1, 20),
    st.integers(1, 3),
    st.integers(1, 30),
    st.integers(2, 9),
)
def test_any_cut_gives_the_batches_of_one_machine(
    groups: list[list[list[int]]], batch_size: int, limit: int | None, models: int, predictions: int, block: int
) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        # Blocks of few rows, and long windows that make some of them shorter still.
        patch.setattr("pytest_f07.replay.shards.BLOCK_ROWS", max(block, batch_size))
        patch.setattr("pytest_f07.variant.dataset.MAX_CODES", 12)
        patch.setattr("pytest_f07.replay.replay.MAX_CODES", 7)
        data = write_dataset(folder, groups, limit)
        shards = cut_shards([data], models, batch_size, predictions)
        uncut = [batch.to_pylist() for batch in batches(Shard(data, 0, data.rows), batch_size)]
        parts = [batch.to_pylist() for shard in shards for batch in batches(shard, batch_size)]
    assert parts == uncut
    assert sum(shard.rows for shard in shards) == data.rows
    for shard, following in pairwise(shards):
        assert shard.first_row + shard.rows == following.first_row
        assert shard.rows * models >= predictions or shard.rows >= predictions // models


def test_shards_are_about_as_large_as_asked_and_never_of_two_datasets() -> None:
    with TemporaryDirectory() as folder, TemporaryDirectory() as other_folder:
        datasets = [write_dataset(folder, [[[1]] * 100]), write_dataset(other_folder, [[[1]] * 30, [[1]] * 40])]
        shards = cut_shards(datasets, models=2, batch_size=8, predictions=50)
    assert [(shard.dataset is datasets[0], shard.first_row, shard.rows) for shard in shards] == [
        (True, 0, 32),
        (True, 32, 32),
        (True, 64, 32),
        (True, 96, 4),
        (False, 0, 30),
        (False, 30, 32),
        (False, 62, 8),
    ]
