"""Parts that workers send are kept and joined in order, whatever the order in which they come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("distributed", reason="Dask is an extra")

from pytest_f07.cluster.answers import Done, Kind, ShardPart
from pytest_f07.cluster.driver import Job
from pytest_f07.cluster.replayer import ClusterReplayer
from pytest_f07.endpoints.target import ClusterTarget
from pytest_f07.errors import BrokenRun
from pytest_f07.log.writer import PredictionLog
from pytest_f07.replay.process import ServerCommand
from pytest_f07.replay.replay import Timings
from pytest_f07.replay.replay import batches as batches_of
from pytest_f07.replay.shards import Shard, cut_shards
from pytest_f07.results.counting import ShardCounter
from pytest_f07.results.references import ReferenceIndex
from pytest_f07.run.parts import Parts
from pytest_f07.run.prepare import Prepared
from pytest_f07.variant.cluster import ClusterParams
from pytest_f07.variant.seal import digest
from pytest_f07.windows import BatchResult, Predictions
from tests.unit.small_package import make_project, prepare_variant


@pytest.fixture
def prepared(tmp_path: Path) -> Iterator[Prepared]:
    prepared = prepare_variant(make_project(tmp_path))
    yield replace(prepared, target=ClusterTarget(ClusterParams(workers=2), "nonce"))
    prepared.release()


def part_of(prepared: Prepared, shard: Shard, folder: Path) -> ShardPart:
    """What a worker sends of a shard."""
    names, path = tuple(prepared.manifest.prediction_names), folder / "part.parquet"
    row = shard.first_row
    with PredictionLog(path, None, names) as log:
        for windows in batches_of(shard, prepared.params.batch_size):
            shape = len(windows), len(names)
            predictions = Predictions(names, np.zeros(shape, np.int8), np.full(shape, row / 100, np.float32))
            log.add(BatchResult(shard.dataset.source_f04, row, windows, predictions))
            row += len(windows)
    index = ReferenceIndex.build(prepared.datasets, [model.source_f04 for model in prepared.models])
    counts = ShardCounter(prepared.datasets, prepared.models, index, None).count_part(path, shard)
    return ShardPart(path.read_bytes(), digest(path), Timings(), counts)


class Driver:
    """A driver whose workers answer the last job first."""

    def __init__(self, parts: dict[tuple[str, int], ShardPart]) -> None:
        self.parts, self.asked = parts, 0

    def run(self, jobs: Iterator[Job]) -> Iterator[tuple[Job, Done[Any]]]:
        for job in reversed(list(jobs)):
            self.asked += 1
            yield job, Done("tcp://h:1", Kind.of({}), self.parts[job.arguments[0], job.arguments[1]])


def make_replayer(prepared: Prepared, parts: dict[tuple[str, int], ShardPart]) -> tuple[ClusterReplayer, Driver]:
    assert isinstance(prepared.target, ClusterTarget)
    replayer = ClusterReplayer(prepared, prepared.target, ServerCommand([], Path("log"), "nonce", 1))
    driver = Driver(parts)
    replayer._driver = driver  # type: ignore[assignment]
    replayer._pool = SimpleNamespace(workers=lambda: ["tcp://h:1"])  # type: ignore[assignment]
    return replayer, driver


def test_the_batches_are_in_order_and_the_parts_can_be_resumed(prepared: Prepared, tmp_path: Path) -> None:
    models = len(prepared.models)
    shards = cut_shards(prepared.datasets, models, prepared.params.batch_size)
    sent = {(shard.dataset.source_f04, shard.first_row): part_of(prepared, shard, tmp_path) for shard in shards}
    parts = Parts(tmp_path / "parts", {"server": {}}, models, len(shards))
    parts.begin()
    expected = [(dataset.source_f04, row) for dataset in prepared.datasets for row in range(dataset.rows)]
    for asked in (len(shards), 0):
        replayer, driver = make_replayer(prepared, sent)
        batches: list[BatchResult] = []
        replayer.replay(shards, Parts(parts.folder, {"server": {"processor": {}}}, models, len(shards)), batches.append)
        assert [
            (each.dataset, each.first_row + row) for each in batches for row in range(len(each.windows))
        ] == expected
        assert driver.asked == asked
        # What an earlier run left is counted with the whole log.
        assert replayer.counted.missing(len(shards)) == ([] if asked else [range(len(shards))])
    assert make_replayer(prepared, sent)[0].status == ""


def test_a_part_that_was_changed_on_the_way_breaks_the_run(prepared: Prepared, tmp_path: Path) -> None:
    shards = cut_shards(prepared.datasets, len(prepared.models), prepared.params.batch_size)
    sent = {
        (shard.dataset.source_f04, shard.first_row): replace(part_of(prepared, shard, tmp_path), sha256="0" * 64)
        for shard in shards
    }
    parts = Parts(tmp_path / "parts", {"server": {}}, len(prepared.models), len(shards))
    parts.begin()
    with pytest.raises(BrokenRun, match="what worker tcp://h:1 sent is not what it wrote"):
        make_replayer(prepared, sent)[0].replay(shards, parts, lambda batch: None)
