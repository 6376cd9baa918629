"""Windows per second through each protocol, with the servers of ``tests/servers``, beside ours (``PROTOCOLS=1``)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.contenders import Ours, OursThroughJson
from benchmarks.tables import table
from benchmarks.workload import VARIANT
from pytest_f07.endpoints.connect import connect
from pytest_f07.endpoints.endpoint import Endpoint
from pytest_f07.endpoints.target import UrlTarget
from pytest_f07.log.writer import PredictionLog
from pytest_f07.replay.replay import replay_shards
from pytest_f07.replay.shards import cut_shards
from pytest_f07.variant import manifest
from pytest_f07.variant.address import ModelAddress
from pytest_f07.variant.package import Model
from pytest_f07.variant.paths import Project
from tests.servers.running import KINDS, serve

Connect = Callable[[UrlTarget, Sequence[Model], str, float], Endpoint[Any]]


@dataclass(frozen=True)
class Deployment:
    """A server that other people wrote, with the same models.

    :param kind: one of ``tests/servers``, in the environment of its own.
    :param open_endpoint: makes the endpoint that speaks with it.
    """

    name: str
    kind: str
    protocol: str
    open_endpoint: Connect = connect


DEPLOYMENTS = [
    Deployment("f07-json, the pipeline", "pipeline", "f07-json"),
    Deployment("tensorflow-serving, stand-in", "tensorflow_serving", "tensorflow-serving"),
    Deployment("kserve-v1, KServe", "kserve", "kserve-v1"),
    Deployment("open-inference, KServe", "kserve", "open-inference"),
    Deployment("open-inference, MLServer", "mlserver", "open-inference"),
    Deployment("open-inference, Triton", "triton", "open-inference"),
    Deployment("mlflow, MLflow", "mlflow", "mlflow"),
]
BATCH_SIZES = (256, 2048)
ROUNDS = 3


def measure(project: Project, scratch: Path, deployments: Sequence[Deployment]) -> list[str]:
    """Return the lines of a table: windows per second through each server, and the share of ours at the same time."""
    missing = [[each.name, *["not set up"] * len(BATCH_SIZES)] for each in deployments if not _is_there(each)]
    with closing(Ours(project, scratch)) as ours:
        rows = [_row(ours.name, ours.rate, ours.rate)]
        with closing(OursThroughJson(project, scratch)) as json_client:
            rows.append(_row(json_client.name, json_client.rate, ours.rate))
        for number, deployment in enumerate(filter(_is_there, deployments)):
            with _endpoint(project, scratch / f"{number}", deployment) as endpoint:
                rows.append(_row(deployment.name, partial(_rate, project, scratch, endpoint), ours.rate))
    return table(["windows/s, in batches of", *(f"{size:,}" for size in BATCH_SIZES)], rows + missing)


def _is_there(deployment: Deployment) -> bool:
    return KINDS[deployment.kind].python.exists()


def _row(name: str, rate: Callable[[int], float], ours: Callable[[int], float]) -> list[str]:
    """Return the medians of each batch size; the two take turns, and the first round warms up."""
    cells = []
    for size in BATCH_SIZES:
        rounds = [(rate(size), ours(size)) for _ in range(ROUNDS + 1)][1:]
        pace, share = median(pair[0] for pair in rounds), median(pair[0] / pair[1] for pair in rounds)
        cells.append(f"{pace:,.0f} ({share:.2f})")
    print(f"  {name}: {', '.join(cells)}", flush=True)
    return [name, *cells]


@contextmanager
def _endpoint(project: Project, folder: Path, deployment: Deployment) -> Iterator[Endpoint[Any]]:
    """Start a server of the package's models, and yield an endpoint that knows it."""
    loaded = manifest.load(project, VARIANT)
    folder.mkdir()
    with serve(deployment.kind, loaded.package.folder, folder) as server:
        whole = deployment.protocol == "f07-json"
        models = {} if whole else {name: ModelAddress(url=url) for name, url in server.urls.items()}
        target = UrlTarget(next(iter(server.urls.values())), deployment.protocol, models)
        with closing(deployment.open_endpoint(target, loaded.read_models(), loaded.digest, 120)) as endpoint:
            endpoint.identity()
            yield endpoint


def _rate(project: Project, scratch: Path, endpoint: Endpoint[Any], batch_size: int) -> float:
    """Return windows per second, both logs written."""
    datasets = manifest.load(project, VARIANT).read_datasets(None)
    logs = scratch / "protocol.parquet", scratch / "protocol.csv"
    begin = time.perf_counter()
    with PredictionLog(*logs, endpoint.names, endpoint.provides.scores) as log:
        shards = cut_shards(datasets, len(endpoint.names), batch_size)
        for batch, _ in replay_shards(endpoint, shards, batch_size, lambda _: None):
            log.add(batch)
    return sum(dataset.rows for dataset in datasets) / (time.perf_counter() - begin)
