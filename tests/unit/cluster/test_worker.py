"""What a worker keeps of a run ends with the run, whatever went wrong before."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("distributed", reason="Dask is an extra")

from pytest_f07.cluster import worker as module
from pytest_f07.cluster.assignment import Assignment
from pytest_f07.cluster.worker import F07Worker
from pytest_f07.errors import F07Error
from pytest_f07.variant.manifest import Manifest
from pytest_f07.variant.paths import Project
from tests.unit.cluster.conftest import make_assignment
from tests.unit.cluster.in_process import stub_arguments


class Scheduler:
    """A scheduler that forgets the driver's task at the second question."""

    asked = 0

    async def get_task_status(self, keys: list[str]) -> dict[str, str | None]:
        self.asked += 1
        return {keys[0]: "memory" if self.asked == 1 else None}


def dask_worker(folder: Path) -> Any:
    own = folder / "worker"
    own.mkdir(parents=True)
    return SimpleNamespace(address="tcp://h:1", local_directory=str(own), scheduler=Scheduler())


def test_the_server_ends_when_the_driver_is_gone(
    project: Project, loaded: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LEASE_S", 0.05)
    plugin = F07Worker(make_assignment(project, loaded, **stub_arguments(loaded)), "lease")

    async def live() -> Any:
        await plugin.setup(dask_worker(tmp_path / "scratch"))
        server = plugin._open.server if plugin._open else None
        end = time.monotonic() + 30
        while len(list((tmp_path / "scratch").rglob("*"))) > 1 and time.monotonic() < end:
            await asyncio.sleep(0.02)
        return server

    server = asyncio.run(live())
    assert server is None or server.has_exited()
    assert list((tmp_path / "scratch").rglob("*")) == [tmp_path / "scratch" / "worker"]
    with pytest.raises(F07Error, match="it is not used any more"):
        plugin.open()


def test_teardown_is_called_also_where_the_set_up_failed(assignment: Assignment) -> None:
    asyncio.run(F07Worker(assignment, "lease").teardown(SimpleNamespace()))


def test_what_prevents_the_set_up_is_told_by_each_task(assignment: Assignment, tmp_path: Path) -> None:
    worker = dask_worker(tmp_path / "scratch")
    Path(worker.local_directory).rmdir()
    plugin = F07Worker(assignment, "lease")
    asyncio.run(plugin.setup(worker))
    for _ in range(2):
        with pytest.raises(FileNotFoundError):
            plugin.open()


def test_a_task_waits_where_the_worker_is_still_being_set_up(
    project: Project, loaded: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dask gives tasks to a worker that joins, and sets it up meanwhile."""
    plugin = F07Worker(make_assignment(project, loaded, versions={"tensorflow": "0.1"}), "lease")
    plugins: dict[str, F07Worker] = {}

    def look(_: float) -> None:
        """Go one step further at each look of the task."""
        if plugins:
            asyncio.run(plugin.setup(dask_worker(tmp_path / "scratch")))
        plugins[plugin.name] = plugin

    monkeypatch.setattr(time, "sleep", look)
    monkeypatch.setattr(module, "get_worker", lambda: SimpleNamespace(plugins=plugins))
    assert module.this_worker(plugin.assignment.nonce) is plugin
