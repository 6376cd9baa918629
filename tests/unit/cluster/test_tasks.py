"""Tasks on a worker: a shard's part of the log, and both checks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

pytest.importorskip("distributed", reason="Dask is an extra")

import pyarrow as pa
import pyarrow.parquet as pq

from pytest_f07.cluster.answers import Done, Kind, Refused
from pytest_f07.cluster.pool import WorkerPool
from pytest_f07.cluster.tasks import ask_again_on_worker, replay_on_worker
from pytest_f07.equivalence.again import AgainCheck
from pytest_f07.equivalence.infer import InferCheck
from pytest_f07.variant.manifest import Manifest
from pytest_f07.variant.paths import Project
from tests.unit.cluster.conftest import make_assignment
from tests.unit.cluster.in_process import client_of_one_worker, stub_arguments


@pytest.fixture
def pool(project: Project, loaded: Manifest, tmp_path: Path) -> Iterator[WorkerPool]:
    """An opened pool of one worker."""
    assignment = make_assignment(project, loaded, **stub_arguments(loaded))
    with client_of_one_worker(tmp_path / "scratch") as client:
        pool = WorkerPool(client, assignment, {}, False, 60)
        pool.open()
        yield pool
        pool.close()


def run(pool: WorkerPool, function: Any, *arguments: Any, expected: Any = None) -> Any:
    future = pool.client.submit(function, pool.nonce, expected or pool.expected, *arguments, pure=False)
    return future.result(60)


def test_a_shard_comes_back_as_its_part_of_the_log_also_after_the_server_was_killed(
    pool: WorkerPool, loaded: Manifest
) -> None:
    [dataset, *_] = loaded.read_datasets(None)
    place = (dataset.source_f04, 0, dataset.rows, 256)
    first = run(pool, replay_on_worker, *place)
    assert isinstance(first, Done)
    part = first.value
    assert hashlib.sha256(part.content).hexdigest() == part.sha256
    assert pq.read_table(pa.BufferReader(part.content)).num_rows == dataset.rows * 2
    assert {name: metrics.emissions for name, metrics in part.counts.metrics.items()} == dict.fromkeys(
        loaded.prediction_names, dataset.rows
    )
    [server] = [child for child in psutil.Process().children(recursive=True) if "--socket" in child.cmdline()]
    server.kill()
    server.wait()
    assert run(pool, replay_on_worker, *place).value.content == part.content


def test_a_worker_of_another_kind_answers_nothing(pool: WorkerPool) -> None:
    other = Kind.of({"versions": {}, "processor": {"model": "another"}})
    answer = run(pool, replay_on_worker, "v401", 0, 1, 256, expected=(other, False))
    assert isinstance(answer, Refused)
    assert "its processor differs" in answer.reason


def test_the_checks_are_asked_and_come_back(pool: WorkerPool, loaded: Manifest) -> None:
    models = loaded.read_models()
    answer = run(pool, ask_again_on_worker, InferCheck(models, {}), AgainCheck(models))
    infer_check, again_check = answer.value
    assert infer_check.windows == 0
    assert again_check.fault(models[0].prediction_name) is None
