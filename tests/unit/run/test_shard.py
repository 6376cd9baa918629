"""Test that a shard's part of the log is there whole or not at all."""

from __future__ import annotations

import pickle
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from pytest_f07.endpoints.endpoint import Provides
from pytest_f07.endpoints.f07 import Request
from pytest_f07.errors import BrokenRun
from pytest_f07.log.reader import LogReader
from pytest_f07.replay.replay import replay_shards
from pytest_f07.replay.shards import Shard
from pytest_f07.results.counting import ShardCounter
from pytest_f07.results.references import ReferenceIndex
from pytest_f07.run.shard import write_part
from pytest_f07.windows import BatchResult, Predictions
from tests.unit.replay.test_replay import EchoClient, write_dataset
from tests.unit.small_run import model

WINDOWS = [[1], [2, 3], [], [4], [5]]


class Client(EchoClient):
    """A client with a name and a number of answers after which the server is gone."""

    names, provides = ("a",), Provides()

    def __init__(self, answers: int = 9) -> None:
        super().__init__()
        self._answers = answers

    def receive_batch(self, request: Request) -> Predictions:
        """Answer, or break."""
        self._answers -= 1
        if self._answers < 0:
            raise ConnectionResetError
        return super().receive_batch(request)


def run(folder: Path, client: Any, batches: list[BatchResult], counter: ShardCounter | None = None) -> Any:
    """Run the rows 2 to 4 of a small dataset in batches of two."""
    shard = Shard(write_dataset(folder, [WINDOWS]), 2, 3)
    parts = folder / "parts"
    parts.mkdir()
    answers = replay_shards(client, [shard], 2, lambda _: "by SIGKILL")
    return write_part(answers, shard, parts / "part-00001.parquet", ("a",), True, batches.append, counter)


def test_a_part_holds_the_shards_rows_and_its_result_travels(tmp_path: Path) -> None:
    batches: list[BatchResult] = []
    result = run(tmp_path, Client(), batches)
    assert [path.name for path in result.part.parent.iterdir()] == ["part-00001.parquet"]
    assert result.sha256 == sha256(result.part.read_bytes()).hexdigest()
    with LogReader(result.part, 1, ("dataset", "row", "window")) as log:
        rows = log.take(9).table.to_pylist()
    assert rows == [
        {"dataset": "v401", "row": row, "window": str(window).replace(" ", "")}
        for row, window in list(enumerate(WINDOWS))[2:]
    ]
    assert [(batch.first_row, len(batch.windows)) for batch in batches] == [(2, 2), (4, 1)]
    assert pickle.loads(pickle.dumps(result)) == result
    assert result.counts is None
    assert [completion.windows for completion in result.timings.completions] == [2, 1]


def test_a_shard_that_breaks_leaves_no_part(tmp_path: Path) -> None:
    with pytest.raises(BrokenRun, match=r"the server died at v401 row 4 \(by SIGKILL\)"):
        run(tmp_path, Client(answers=1), [])
    assert not [path for path in (tmp_path / "parts").iterdir() if not path.name.startswith(".")]


def test_a_shard_is_counted_where_it_is(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path, [WINDOWS])
    models = [model("a", "v401")]
    counter = ShardCounter([dataset], models, ReferenceIndex.build([dataset], ["v401"]), None)
    result = run(tmp_path, Client(), [], counter)
    counts = pickle.loads(pickle.dumps(result)).counts
    assert counts.fault is None
    assert (counts.metrics["a"].emissions, counts.audits["a"].emissions) == (3, 3)
