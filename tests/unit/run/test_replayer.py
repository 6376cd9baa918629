"""One machine as a replayer: parts are kept where there is more than one, and taken where an earlier run left them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pytest_f07.endpoints.endpoint import Endpoint
from pytest_f07.errors import BrokenRun
from pytest_f07.replay.shards import cut_shards
from pytest_f07.run.parts import Parts
from pytest_f07.run.prepare import Prepared
from pytest_f07.run.replayer import LocalReplayer, check_unchanged
from pytest_f07.windows import BatchResult, Predictions
from tests.unit.small_package import make_project, prepare_variant


class Answers:
    """An endpoint that answers at once, and counts the batches."""

    busy = False
    timeout_s = 1.0

    def __init__(self, endpoint: Endpoint[Any]) -> None:
        self.names, self.provides, self.batches = endpoint.names, endpoint.provides, 0

    def send_batch(self, windows: Any) -> Any:
        self.batches += 1
        request = type("Sent", (), {"sent": 0.0, "windows": windows})
        return request

    def receive_batch(self, request: Any) -> Predictions:
        shape = len(request.windows), len(self.names)
        return Predictions(self.names, np.zeros(shape, np.int8), np.zeros(shape, np.float32))


class NoServer:
    """A server that is never looked at."""

    may_end = False

    def start(self, client: Endpoint[Any]) -> dict[str, Any]:
        raise AssertionError

    def wait_for_exit(self, seconds: float) -> None:
        raise AssertionError

    def let_end(self) -> None:
        self.may_end = True

    def stop(self) -> None:
        raise AssertionError


@pytest.fixture
def prepared(tmp_path: Path) -> Any:
    prepared = prepare_variant(make_project(tmp_path))
    yield prepared
    prepared.release()


def make_replayer(prepared: Prepared) -> tuple[LocalReplayer, Answers]:
    replayer = LocalReplayer(prepared, NoServer())
    answers = Answers(replayer._client)
    replayer._client = answers  # type: ignore[assignment]
    return replayer, answers


def test_parts_are_kept_and_taken_and_the_batches_are_the_same(prepared: Prepared, tmp_path: Path) -> None:
    models = len(prepared.models)
    shards = cut_shards(prepared.datasets, models, prepared.params.batch_size)
    assert len(shards) > 1
    parts = Parts(tmp_path / "parts", {"server": {}}, models, len(shards))
    parts.begin()
    seen: list[list[BatchResult]] = []
    for asked in (True, False):
        replayer, answers = make_replayer(prepared)
        batches: list[BatchResult] = []
        replayer.replay(shards, parts, batches.append)
        assert bool(answers.batches) is asked
        seen.append(batches)
    first, second = ([(batch.dataset, batch.first_row, batch.windows.to_pylist()) for batch in each] for each in seen)
    assert first == second
    assert parts.taken == len(shards)


def test_a_part_that_is_missing_between_others_is_replayed(prepared: Prepared, tmp_path: Path) -> None:
    models, batch_size = len(prepared.models), prepared.params.batch_size
    shards = cut_shards(prepared.datasets, models, batch_size, predictions=1)
    assert len(shards) > 2
    parts = Parts(tmp_path / "parts", {"server": {}}, models, len(shards))
    parts.begin()
    seen = []
    for lost in (None, 1):
        if lost is not None:
            parts.path(lost).unlink()
        replayer, _ = make_replayer(prepared)
        batches: list[BatchResult] = []
        timings = replayer.replay(shards, parts, batches.append)
        seen.append([(batch.dataset, batch.first_row, batch.windows.to_pylist()) for batch in batches])
    assert seen[0] == seen[1]
    assert parts.taken == len(shards) - 1
    assert sum(completion.windows for completion in timings.completions) == shards[1].rows


def test_a_run_in_one_shard_has_no_parts(prepared: Prepared, tmp_path: Path) -> None:
    [shard, *_] = cut_shards(prepared.datasets, len(prepared.models), prepared.params.batch_size)
    parts = Parts(tmp_path / "parts", {}, len(prepared.models), 1)
    replayer, answers = make_replayer(prepared)
    replayer.replay([shard], parts, lambda batch: None)
    assert answers.batches
    assert not parts.folder.exists()


def test_the_server_may_end_once_no_more_questions_come(prepared: Prepared) -> None:
    server = NoServer()
    replayer = LocalReplayer(prepared, server)
    assert not server.may_end
    replayer.close()
    assert server.may_end


def test_another_server_at_the_end_is_named() -> None:
    check_unchanged({"a": 1}, {"a": 1})
    with pytest.raises(BrokenRun, match="the server changed during the run: a was 1, and is 2"):
        check_unchanged({"a": 1}, {"a": 2})
