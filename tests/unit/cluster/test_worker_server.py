"""A worker's server is a child of the worker's process, and ends with it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pytest

from conftest import REPOSITORY
from pytest_f07.cluster.worker_server import WorkerServer
from pytest_f07.errors import BrokenRun
from pytest_f07.replay.process import ServerCommand
from pytest_f07.variant.manifest import Manifest


@contextmanager
def stub(loaded: Manifest, log: Path, fault: str = "none") -> Iterator[WorkerServer]:
    arguments = [sys.executable, str(REPOSITORY / "tests" / "stub_server.py"), str(loaded.paths.manifest), fault]
    command = ServerCommand(arguments, log, "nonce", 60)
    server = WorkerServer(command, tuple(loaded.prediction_names), loaded.digest, dict(os.environ), 60)
    try:
        yield server
    finally:
        server.stop()


def test_a_server_is_started_answers_and_ends(loaded: Manifest, tmp_path: Path) -> None:
    with stub(loaded, tmp_path / "runtime" / "server.log") as server:
        assert server.has_exited()
        assert server.start()["models"] == 2
        assert not server.has_exited()
        with server.connection() as client:
            answer = client.receive_batch(client.send_batch(pa.array([[1], []], pa.list_(pa.int64()))))
        assert len(answer) == 2
        assert server.wait_for_exit(0) is None
        server.stop()
        assert server.has_exited()


def test_a_server_that_dies_at_its_start_says_why(loaded: Manifest, tmp_path: Path) -> None:
    with stub(loaded, tmp_path / "server.log", "no-start") as server:
        with pytest.raises(BrokenRun, match=r"^the server died at start-up \(no such <module>\)$"):
            server.start()
        assert server.has_exited()


def test_a_server_that_is_gone_is_told_from_one_that_answers_wrongly(loaded: Manifest, tmp_path: Path) -> None:
    with stub(loaded, tmp_path / "server.log") as server:
        server.start()
        assert server._popen is not None
        server._popen.kill()
        with pytest.raises(BrokenRun, match=r"the server died at GET / .*SIGKILL"), server.connection():
            pass


def test_another_server_in_its_place_is_not_this_runs(loaded: Manifest, tmp_path: Path) -> None:
    with (
        stub(loaded, tmp_path / "server.log", "foreign") as server,
        pytest.raises(BrokenRun, match="is not of this run"),
    ):
        server.start()
