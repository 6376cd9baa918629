"""Who is compared: each is started once, and then replays the same windows whenever it is asked."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
import requests

from benchmarks.plain.replay import replay as plain_replay
from benchmarks.workload import VARIANT
from pytest_f07.endpoints.f07 import Client, Request
from pytest_f07.log.writer import PredictionLog
from pytest_f07.replay.replay import batches, replay_shards
from pytest_f07.replay.shards import cut_shards
from pytest_f07.variant import manifest
from pytest_f07.variant.listen import listen
from pytest_f07.variant.paths import Project
from pytest_f07.windows import Predictions
from pytest_f07.wire import JSON

PLAIN_WINDOWS = 2048


class Contender(Protocol):
    """One way of replaying."""

    name: str

    def rate(self, batch_size: int) -> float:
        """Windows per second, each through every model."""

    def close(self) -> None:
        """End its processes."""


class Plain:
    """The plain way; it replays the first windows only, which is enough to know its pace."""

    name = "the plain way"

    def __init__(self, project: Project, scratch: Path) -> None:
        package = manifest.load(project, VARIANT).package.folder
        self._dataset = sorted(package.glob("datasets/*.parquet"))[0]
        self._scratch = scratch
        with closing(listen("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self._url = f"http://127.0.0.1:{port}"
        self._server = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.plain.server", str(port), str(package)],
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        while not self._ready():
            time.sleep(0.1)

    def _ready(self) -> bool:
        if self._server.poll() is not None:
            raise SystemExit("the plain server ended at its start")
        try:
            return requests.get(self._url, timeout=5).ok
        except requests.ConnectionError:
            return False

    def rate(self, batch_size: int) -> float:
        """Windows per second."""
        begin = time.perf_counter()
        windows = plain_replay(self._url, self._dataset, batch_size, max(PLAIN_WINDOWS, batch_size), self._scratch)
        return windows / (time.perf_counter() - begin)

    def close(self) -> None:
        """End its server."""
        self._server.kill()
        self._server.wait()


class Ours:
    """This project's client, server and logs."""

    client_class = Client
    name = "pytest-f07, Arrow"

    def __init__(self, project: Project, scratch: Path) -> None:
        loaded = manifest.load(project, VARIANT)
        self._names = tuple(loaded.prediction_names)
        self._datasets = loaded.read_datasets(None)
        self._logs = (scratch / "ours.parquet", scratch / "ours.csv")
        with closing(listen("127.0.0.1", 0)) as listener:
            self._server = _server(loaded.paths.manifest, listener)
            port = listener.getsockname()[1]
        self._client = self.client_class("127.0.0.1", port, self._names, loaded.digest, "bench", 120)
        self._client.identity()

    def rate(self, batch_size: int) -> float:
        """Windows per second, both logs written; to new files, for taking old ones away is no part of a replay."""
        for old in self._logs:
            old.unlink(missing_ok=True)
        shards = cut_shards(self._datasets, len(self._names), batch_size)
        # The models alone have a first batch too that is not measured.
        self._client.receive_batch(self._client.send_batch(next(batches(shards[0], batch_size))))
        begin = time.perf_counter()
        with PredictionLog(*self._logs, self._names) as log:
            for batch, _ in replay_shards(self._client, shards, batch_size, lambda _: None):
                log.add(batch)
        return sum(dataset.rows for dataset in self._datasets) / (time.perf_counter() - begin)

    def close(self) -> None:
        """End its server."""
        self._client.close()
        _end(self._server)


def _server(path: Path, listener: socket.socket) -> subprocess.Popen[bytes]:
    handle = listener.fileno()
    return subprocess.Popen(
        [sys.executable, "-m", "pytest_f07.server", str(path), "--socket", str(handle), "--nonce", "bench"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=[handle],
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.stdin:
        process.stdin.close()
    process.wait(30)


class JsonClient(Client):
    """The same client through the documented JSON."""

    def send_batch(self, windows: pa.Array) -> Request:
        """Ask every model about a list array of windows."""
        body = json.dumps({"windows": windows.to_pylist()}, separators=(",", ":")).encode()
        return self._send("POST", "/infer_batch", body, JSON, windows)

    def receive_batch(self, request: Request) -> Predictions:
        """Every model's answer, in order."""
        results = json.loads(self._receive(request)[0])["results"]
        answers = [[(one["y_pred"], one["y_prob"]) for one in result["results"]] for result in results]
        values = np.array(answers, np.float64).reshape(len(request.windows), len(self.names), 2)
        return Predictions(self.names, values[:, :, 0].astype(np.int8), values[:, :, 1].astype(np.float32))


class OursThroughJson(Ours):
    """This project, but through JSON."""

    client_class = JsonClient
    name = "pytest-f07, JSON"


class Limit:
    """The models alone."""

    name = "the models alone"

    def __init__(self, project: Project, scratch: Path) -> None:
        path = manifest.load(project, VARIANT).paths.manifest
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.limit", str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def rate(self, batch_size: int) -> float:
        """Windows per second."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{batch_size}\n".encode())
        self._process.stdin.flush()
        return float(self._process.stdout.readline())

    def close(self) -> None:
        """End it."""
        _end(self._process)


def contenders(project: Project, scratch: Path) -> Iterator[Contender]:
    """All of them, started, the plain way first."""
    for kind in (Plain, OursThroughJson, Ours, Limit):
        yield kind(project, scratch)
