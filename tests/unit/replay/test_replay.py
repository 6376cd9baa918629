"""Test the requests of a replay: every row once and in order, none across a row group, all within the limits."""

from __future__ import annotations

from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_f07.endpoints.f07 import Request
from pytest_f07.errors import BrokenRun
from pytest_f07.log.writer import PredictionLog
from pytest_f07.replay.replay import Completion, Timings, batches, explain_break, replay_shards, take_shard
from pytest_f07.replay.shards import Shard, cut_shards
from pytest_f07.variant.dataset import Dataset
from pytest_f07.windows import Predictions

quick = settings(derandomize=True, deadline=None, max_examples=60)


def write_dataset(folder: str | Path, groups: list[list[list[int]]], limit: int | None = None) -> Dataset:
    """Write a dataset of the given row groups."""
    path = Path(folder) / "v401__dataset.parquet"
    schema = pa.schema([("OW_events", pa.list_(pa.int64())), ("label", pa.int64())])
    with pq.ParquetWriter(path, schema) as writer:
        for windows in groups:
            writer.write_table(pa.table([windows, [0] * len(windows)], schema=schema))
    return Dataset.open("v401", path, "nowhere", limit)


def one_shard(dataset: Dataset) -> Shard:
    """Return all rows as one shard."""
    return Shard(dataset, 0, dataset.rows)


@quick
@given(
    st.lists(st.lists(st.lists(st.integers(0, 9), max_size=4), min_size=1, max_size=9), max_size=4),
    st.integers(1, 10),
    st.none() | st.integers(1, 20),
    st.integers(1, 8),
)
def test_every_row_is_sent_once_in_order_and_within_the_limits(
    groups: list[list[list[int]]], batch_size: int, limit: int | None, most_codes: int
) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("pytest_f07.replay.replay.MAX_CODES", most_codes)
        sent = [batch.to_pylist() for batch in batches(one_shard(write_dataset(folder, groups, limit)), batch_size)]
    rows = [window for windows in groups for window in windows]
    assert [window for windows in sent for window in windows] == rows[:limit]
    group_ends = {sum(map(len, groups[:count])) for count in range(len(groups) + 1)}
    first = 0
    for windows in sent:
        last = first + len(windows)
        assert 1 <= len(windows) <= batch_size
        assert len(windows) == 1 or sum(map(len, windows)) <= most_codes
        assert not group_ends & set(range(first + 1, last)), f"rows {first} to {last} cross a row group"
        first = last


def test_batches_are_full_but_for_the_last_of_a_row_group(tmp_path: Path) -> None:
    requests = batches(one_shard(write_dataset(tmp_path, [[[1]] * 5, [[1]] * 4, [[1]]])), 2)
    assert [len(windows) for windows in requests] == [2, 2, 1, 2, 2, 1]


class EchoClient:
    """A client whose answers depend on the windows alone, with some requests in flight at most."""

    def __init__(self, at_most: int = 1) -> None:
        self.timeout_s = 1.0
        self.sent: list[Any] = []
        self._at_most, self._in_flight = at_most, 0

    @property
    def busy(self) -> bool:
        return self._in_flight == self._at_most

    def send_batch(self, windows: pa.Array) -> Request:
        self._in_flight += 1
        self.sent.append(windows.to_pylist())
        return Request(HTTPConnection("nowhere"), "/infer_batch", windows)

    def receive_batch(self, request: Request) -> Predictions:
        self._in_flight -= 1
        y_prob = np.array([[len(window) / 5] for window in request.windows.to_pylist()], np.float32)
        return Predictions(("a",), (y_prob >= np.float32(0.5)).astype(np.int8), y_prob)


@quick
@given(st.lists(st.lists(st.lists(st.integers(0, 9), max_size=4), max_size=9), max_size=4), st.integers(1, 25))
def test_any_cut_into_shards_gives_the_same_logs(groups: list[list[list[int]]], predictions: int) -> None:
    logs = []
    with TemporaryDirectory() as folder:
        data = write_dataset(folder, groups)
        for size in (predictions, 10**9):
            parquet, csv = Path(folder) / f"log{size}.parquet", Path(folder) / f"log{size}.csv"
            with PredictionLog(parquet, csv, ("a",)) as log:
                client: Any = EchoClient()
                for batch, _ in replay_shards(client, cut_shards([data], 1, 3, size), 3, lambda _: None):
                    log.add(batch)
            logs.append([parquet.read_bytes(), csv.read_bytes()])
    assert logs[0] == logs[1]


def test_the_next_shard_is_under_way_while_the_last_batch_of_one_is_used(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path, [[[1], [2], [3]], [[4], [5]]])
    shards = [Shard(dataset, 0, 3), Shard(dataset, 3, 2)]
    client: Any = EchoClient(at_most=2)
    answers = replay_shards(client, shards, 2, lambda _: None)
    first = [batch for batch, _ in take_shard(answers, shards[0])]
    assert client.sent == [[[1], [2]], [[3]], [[4], [5]]]
    second = [batch for batch, _ in take_shard(answers, shards[1])]
    places = [[(batch.first_row, len(batch.windows)) for batch in each] for each in (first, second)]
    assert places == [[(0, 2), (2, 1)], [(3, 2)]]


class DyingClient(EchoClient):
    """A client whose server dies with the second request; the fourth cannot be sent."""

    def send_batch(self, windows: pa.Array) -> Request:
        if len(self.sent) == 3:
            raise ConnectionResetError
        return super().send_batch(windows)

    def receive_batch(self, request: Request) -> Predictions:
        if request.windows.to_pylist() == [[2]]:
            raise ConnectionResetError
        return super().receive_batch(request)


def test_where_a_request_cannot_be_sent_those_before_it_are_received_first(tmp_path: Path) -> None:
    client: Any = DyingClient(at_most=9)
    shard = one_shard(write_dataset(tmp_path, [[[code]] for code in range(1, 7)]))
    answers = replay_shards(client, [shard], 1, lambda _: "by SIGKILL")
    assert next(answers)[0].first_row == 0
    with pytest.raises(BrokenRun, match=r"the server died at v401 row 1 \(by SIGKILL\)"):
        next(answers)


def test_the_pace_is_that_from_the_first_request_to_the_last_answer() -> None:
    timings = Timings((Completion(3.0, 1.0, 30),)).merge(Timings((Completion(3.5, 0.5, 10), Completion(4.0, 0.5, 20))))
    assert (timings.begin, timings.end, timings.latencies) == (2.0, 4.0, [1.0, 0.5, 0.5])
    assert timings.windows_per_second == 30.0
    later = timings.shift(10)
    assert (later.begin, later.end, later.latencies) == (12.0, 14.0, [1.0, 0.5, 0.5])
    assert Timings().windows_per_second == 0.0


@pytest.mark.parametrize(
    ("error", "reason", "text"),
    [
        (TimeoutError(), "by SIGKILL; it said nothing", "the server did not answer within 9 s at v401 row 7"),
        (ConnectionResetError(), "by SIGKILL; no memory", "the server died at v401 row 7 (by SIGKILL; no memory)"),
        (ConnectionResetError(), None, "the server broke the connection at v401 row 7"),
    ],
)
def test_a_broken_request_says_what_ended_the_server(error: OSError, reason: str | None, text: str) -> None:
    assert str(explain_break(error, "v401 row 7", 9, lambda seconds: reason)) == text
