"""What the tests of real servers share: each server started once, the demo's windows, and what Keras says of them."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from xdist.scheduler import LoadScopeScheduling

from pytest_f07.variant.dataset import X_COLUMN
from pytest_f07.variant.package import Model, read_package
from pytest_f07.variant.paths import PackagePaths
from pytest_f07.vectorize import Vectorizer
from pytest_f07.windows import windows_of
from tests.servers.running import KINDS, REPOSITORY, RunningServer, serve

DEMO = REPOSITORY / "executions" / "06_packaging" / "v601"
WINDOWS = 300


class ByServer(LoadScopeScheduling):  # type: ignore[misc]
    """Let one process of pytest-xdist run all tests of a server, so that it is started once.

    ``--dist loadgroup`` groups nothing with pytest 9.2: https://github.com/pytest-dev/pytest-xdist/issues/1386
    """

    def _split_scope(self, nodeid: str) -> str:
        return kind_of(nodeid) or nodeid


def kind_of(nodeid: str) -> str | None:
    """Return the kind of server that a test names, or None."""
    name = re.sub(r"\W", "_", nodeid.partition("::")[2])
    return next((kind for kind in KINDS if kind in name), None)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByServer:
    return ByServer(config, log)


@dataclass(frozen=True)
class Question:
    """What every server is asked about one of the demo's models.

    :param rows: the windows as the model's input.
    :param scores: what Keras says, float32 ``[windows, 1]``.
    """

    model: Model
    windows: list[list[int]]
    rows: np.ndarray
    scores: np.ndarray

    @property
    def name(self) -> str:
        return self.model.prediction_name

    @property
    def labels(self) -> np.ndarray:
        return (self.scores >= np.float32(self.model.threshold)).astype(int)


@pytest.fixture(scope="session")
def questions(tmp_path_factory: pytest.TempPathFactory) -> list[Question]:
    """The first windows of each model's own dataset."""
    folder = tmp_path_factory.mktemp("keras")
    models, datasets = read_package(PackagePaths(DEMO))
    windows = {
        dataset.source_f04: windows_of(next(dataset.blocks([X_COLUMN], WINDOWS)).column(0)) for dataset in datasets
    }
    rows: dict[str, Any] = {m.prediction_name: Vectorizer(m.vectorization)(windows[m.source_f04]) for m in models}
    np.savez(folder / "rows.npz", **rows)
    command = [sys.executable, "-m", "tests.servers.keras_answers", DEMO, folder / "rows.npz", folder / "scores.npz"]
    subprocess.run([str(part) for part in command], cwd=REPOSITORY, check=True, capture_output=True)
    with np.load(folder / "scores.npz") as scores:
        return [
            Question(m, windows[m.source_f04].lists(), rows[m.prediction_name], scores[m.prediction_name])
            for m in models
        ]


@pytest.fixture(scope="session")
def _start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], RunningServer]]:
    running: dict[str, RunningServer] = {}
    with ExitStack() as stack:

        def start(kind: str) -> RunningServer:
            if kind not in running:
                running[kind] = stack.enter_context(serve(kind, DEMO, tmp_path_factory.mktemp(kind)))
            return running[kind]

        yield start


@pytest.fixture
def start(_start: Callable[[str], RunningServer], request: pytest.FixtureRequest) -> Callable[[str], RunningServer]:
    """Return the running server of a kind, with the demo's models, without a fault; it is started at its first use."""

    def start_or_skip(kind: str) -> RunningServer:
        assert kind_of(request.node.nodeid) == kind, f"the test's name or parameters must tell that it asks {kind}"
        if kind == "triton" and not Path("/usr/bin/python3.11").exists():
            pytest.skip("Triton runs in no other Python than /usr/bin/python3.11")
        assert KINDS[kind].python.exists(), f"{KINDS[kind].python} is not there: make test-servers sets it up"
        server = _start(kind)
        server.plant("none")
        return server

    return start_or_skip
