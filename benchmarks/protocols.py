"""Windows per second through each protocol, with the servers of ``tests/servers``, beside ours (``PROTOCOLS=1``)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.contenders import Ours
from benchmarks.workload import VARIANT
from pytest_f07.endpoints.connect import connect
from pytest_f07.endpoints.endpoint import Endpoint
from pytest_f07.endpoints.target import UrlTarget
from pytest_f07.log.writer import PredictionLog
from pytest_f07.replay.replay import replay_shard
from pytest_f07.replay.shards import cut_shards
from pytest_f07.variant import manifest
from pytest_f07.variant.address import ModelAddress
from pytest_f07.variant.paths import Project
from tests.servers.running import KINDS, serve

# By name: the kind of server and its protocol.
DEPLOYMENTS = {
    "f07-json, the pipeline's own": ("pipeline", "f07-json"),
    "tensorflow-serving, a stand-in": ("tensorflow_serving", "tensorflow-serving"),
    "kserve-v1, KServe": ("kserve", "kserve-v1"),
    "open-inference, KServe": ("kserve", "open-inference"),
    "open-inference, MLServer": ("mlserver", "open-inference"),
    "open-inference, Triton": ("triton", "open-inference"),
    "mlflow, MLflow": ("mlflow", "mlflow"),
}
BATCH_SIZES = (256, 2048)
ROUNDS = 3


def measure(project: Project, scratch: Path) -> Iterator[str]:
    """Yield the lines of a table in Markdown: windows per second, and the share of ours."""
    yield f"| | {' | '.join(f'batches of {size:,}' for size in BATCH_SIZES)} |"
    yield f"|---|{'---|' * len(BATCH_SIZES)}"
    with closing(Ours(project, scratch)) as ours:
        rates = _rates(ours.rate)
    yield _row(ours.name, rates, rates)
    for name, (kind, protocol) in DEPLOYMENTS.items():
        if not KINDS[kind].python.exists():
            yield f"| {name} | not there: make test-servers sets it up |"
            continue
        with _endpoint(project, scratch / name.replace(" ", "-"), kind, protocol) as endpoint:
            yield _row(name, _rates(partial(_rate, project, scratch, endpoint)), rates)


def _rates(rate: Callable[[int], float]) -> list[float]:
    """Return the median of each batch size; the first round warms up."""
    return [median([rate(size) for _ in range(ROUNDS + 1)][1:]) for size in BATCH_SIZES]


def _row(name: str, rates: Sequence[float], ours: Sequence[float]) -> str:
    cells = [f"{rate:,.0f} ({rate / own:.2f})" for rate, own in zip(rates, ours, strict=True)]
    return f"| {name} | {' | '.join(cells)} |"


@contextmanager
def _endpoint(project: Project, folder: Path, kind: str, protocol: str) -> Iterator[Endpoint[Any]]:
    """Start a server of the package's models, and yield an endpoint that knows it."""
    loaded = manifest.load(project, VARIANT)
    folder.mkdir()
    with serve(kind, loaded.package.folder, folder) as server:
        whole = protocol == "f07-json"
        models = {} if whole else {name: ModelAddress(url=url) for name, url in server.urls.items()}
        target = UrlTarget(next(iter(server.urls.values())), protocol, models)
        with closing(connect(target, loaded.read_models(), loaded.digest, 120)) as endpoint:
            endpoint.identity()
            yield endpoint


def _rate(project: Project, scratch: Path, endpoint: Endpoint[Any], batch_size: int) -> float:
    """Return windows per second, both logs written."""
    datasets = manifest.load(project, VARIANT).read_datasets(None)
    logs = scratch / "protocol.parquet", scratch / "protocol.csv"
    begin = time.perf_counter()
    with PredictionLog(*logs, endpoint.names, endpoint.provides.scores) as log:
        for shard in cut_shards(datasets, len(endpoint.names), batch_size):
            replay_shard(endpoint, shard, batch_size, log.add, lambda _: None)
    return sum(dataset.rows for dataset in datasets) / (time.perf_counter() - begin)
