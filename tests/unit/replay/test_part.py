"""Test that a part of a log gives the batches of its replay again, and so the same log, whatever the cut."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_f07.log import writer
from pytest_f07.log.writer import PredictionLog
from pytest_f07.replay.part import read_part
from pytest_f07.replay.replay import replay_shards
from pytest_f07.replay.shards import cut_shards
from pytest_f07.windows import BatchResult, Predictions
from tests.unit.replay.test_replay import EchoClient, quick, write_dataset

WINDOWS = st.lists(st.lists(st.integers(0, 9), max_size=4), max_size=9)


@quick
@given(st.lists(WINDOWS, max_size=4), st.integers(1, 25), st.integers(1, 7))
def test_a_log_joined_of_parts_has_the_bytes_of_one_that_was_not_cut(
    groups: list[list[list[int]]], predictions: int, row_group: int
) -> None:
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer, "LOG_ROW_GROUP_ROWS", row_group)
        folder = Path(name)
        data = write_dataset(folder, groups)
        client: Any = EchoClient()
        whole, joined = (folder / "whole", folder / "whole.csv"), (folder / "joined", folder / "joined.csv")
        batches: list[BatchResult] = []
        shards = cut_shards([data], 1, 3, predictions)
        with PredictionLog(*whole, ("a",)) as log:
            for number, shard in enumerate(shards):
                with PredictionLog(folder / f"part{number}", None, ("a",)) as part:
                    for batch, _ in replay_shards(client, [shard], 3, lambda _: None):
                        for take in (log.add, part.add, batches.append):
                            take(batch)
        with PredictionLog(*joined, ("a",)) as log:
            for number, shard in enumerate(shards):
                for batch in read_part(folder / f"part{number}", shard, 3, ("a",)):
                    log.add(batch)
                    assert places(batch) == places(batches.pop(0))
        assert not batches
        for path, other in zip(whole, joined, strict=True):
            assert path.read_bytes() == other.read_bytes()


def places(batch: BatchResult) -> tuple[str, int, list[Any]]:
    """Return where a batch stands, and its windows."""
    return batch.dataset, batch.first_row, batch.windows.to_pylist()


def test_labels_alone_stay_labels_alone(tmp_path: Path) -> None:

    data = write_dataset(tmp_path, [[[1], [2]]])
    [shard] = cut_shards([data], 1, 3)
    predictions = Predictions(("a",), np.array([[1], [0]], np.int8), np.full((2, 1), np.nan, np.float32), False)
    with PredictionLog(tmp_path / "part", None, ("a",), has_scores=False) as log:
        log.add(BatchResult("v401", 0, pa.array([[1], [2]]), predictions))
    [batch] = read_part(tmp_path / "part", shard, 3, ("a",))
    assert not batch.predictions.has_scores
    assert batch.predictions.y_pred.tolist() == [[1], [0]]
