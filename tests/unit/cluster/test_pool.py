"""A pool of workers: opened with a server each, and refused by name."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

pytest.importorskip("distributed", reason="Dask is an extra")

import dask

from pytest_f07.cluster import pool as module
from pytest_f07.cluster.answers import Done, Kind, Missing
from pytest_f07.cluster.assignment import software_versions
from pytest_f07.cluster.files import sent_files
from pytest_f07.cluster.pool import WorkerPool
from pytest_f07.errors import BrokenRun
from pytest_f07.variant.manifest import Manifest
from pytest_f07.variant.paths import Project
from tests.unit.cluster.conftest import make_assignment
from tests.unit.cluster.in_process import client_of_one_worker, stub_arguments


def servers(loaded: Manifest) -> list[psutil.Process]:
    return [child for child in psutil.Process().children(recursive=True) if "--socket" in child.cmdline()]


@pytest.mark.parametrize("root", ["the driver's", "/nowhere"], ids=["same files", "no shared disk"])
def test_a_worker_is_opened_and_its_server_ends_with_the_run(
    project: Project, loaded: Manifest, tmp_path: Path, root: str
) -> None:
    root = str(project.root) if root == "the driver's" else root
    assignment = make_assignment(project, loaded, root=root, versions=software_versions(), **stub_arguments(loaded))
    with client_of_one_worker(tmp_path / "scratch") as client:
        pool = WorkerPool(client, assignment, sent_files(loaded), False, 60)
        assert pool.open()["models"] == 2
        assert list(pool.kinds) == pool.workers()
        assert len(servers(loaded)) == 1
        pool.close()
        assert servers(loaded) == []
        assert not list((tmp_path / "scratch").rglob("manifest.json"))


@pytest.mark.parametrize(
    ("changes", "fault", "message"),
    [
        ({"versions": {"tensorflow": "0.1"}}, "none", "its tensorflow is .*, and the driver's is 0.1"),
        (
            {},
            "no-start",
            r"it has no server: the server died at start-up \(no such <module>\); the last lines of its log",
        ),
    ],
)
def test_a_worker_that_cannot_be_used_is_named_with_the_reason(
    project: Project, loaded: Manifest, tmp_path: Path, changes: dict[str, object], fault: str, message: str
) -> None:
    assignment = make_assignment(project, loaded, **changes, **stub_arguments(loaded, fault))
    with client_of_one_worker(tmp_path / "scratch") as client:
        pool = WorkerPool(client, assignment, sent_files(loaded), False, 60)
        with pytest.raises(BrokenRun, match=f"^no worker can be used: worker .*: {message}"):
            pool.open()
        pool.close()


def test_a_scheduler_without_workers_is_told(project: Project, loaded: Manifest, tmp_path: Path) -> None:
    with client_of_one_worker(tmp_path / "scratch") as client:
        [address] = client.scheduler_info()["workers"]
        client.retire_workers([address])
        pool = WorkerPool(client, make_assignment(project, loaded), {}, False, 0.2)
        with pytest.raises(BrokenRun, match=r"^the scheduler had no worker for 0\.2 s$"):
            pool.open()


def test_a_worker_that_is_there_is_seen_at_each_look(project: Project, loaded: Manifest, tmp_path: Path) -> None:
    """Also while the client asks the scheduler for something else, as it does every two seconds."""
    with (
        dask.config.set({"distributed.client.scheduler-info-interval": "1ms"}),
        client_of_one_worker(tmp_path / "scratch") as client,
    ):
        pool = WorkerPool(client, make_assignment(project, loaded), {}, False, 60)
        assert {len(pool.workers()) for _ in range(500)} == {1}


def test_a_scheduler_that_went_away_is_told_at_each_look(project: Project, loaded: Manifest, tmp_path: Path) -> None:
    with client_of_one_worker(tmp_path / "scratch") as client:
        pool = WorkerPool(client, make_assignment(project, loaded), {}, False, 60)
        client.close()
        with pytest.raises(BrokenRun, match="the scheduler went away"):
            pool.workers()


class Workers(WorkerPool):
    """A pool whose workers answer from a list, and which notes what each is sent."""

    def __init__(self, folders: dict[str, str], keeps: bool = True) -> None:
        self.kinds, self.refused, self._identities, self._sent = {}, {}, {}, set()
        self._files, self.nonce = {"manifest.json": Path(__file__)}, "n"
        self.folders, self.keeps = folders, keeps
        self.full: set[str] = set()
        self.received: list[str] = []
        self.expected: tuple[Kind, bool] | None = None
        self.client = SimpleNamespace(scatter=lambda parts, hash, direct: parts, submit=lambda *_, **__: None)

    def _ask_each(self, function: Any, addresses: Iterable[str], *arguments: Any) -> list[Any]:
        return [self._answer(address, *arguments) for address in addresses]

    def _answer(self, address: str, *part: Any) -> Any:
        if part:
            self.received.append(address)
            if self.keeps:
                self.full.add(self.folders[address])
            return None
        if self.folders[address] in self.full:
            return Done(address, Kind.of({}), {})
        # Two hosts may name the same place: then the second is sent the files when it misses them again.
        return Missing(address, self.folders[address].rstrip("'"))


@pytest.mark.parametrize(
    ("folders", "received"),
    [
        ({"a": "x", "b": "x", "c": "x"}, ["c"]),
        ({"a": "x", "b": "y", "c": "x"}, ["c", "b"]),
        ({"a": "x", "b": "x'"}, ["b", "a"]),
    ],
    ids=["one host", "two hosts", "two hosts that look like one"],
)
def test_files_are_sent_once_to_each_host(folders: dict[str, str], received: list[str]) -> None:
    pool = Workers(folders)
    pool.take(pool.open_workers(folders))
    assert pool.received == received
    assert sorted(pool.kinds) == sorted(folders)
    pool.take(pool.open_workers(folders))
    assert pool.received == received


def test_a_worker_that_loses_what_it_is_sent_is_refused() -> None:
    pool = Workers({"a": "x", "b": "y"}, keeps=False)
    pool.take(pool.open_workers(["a", "b"]))
    assert pool.kinds == {}
    assert pool.refused == dict.fromkeys("ab", "the files that it was sent are not there as they were sent")


def test_a_worker_of_another_kind_that_comes_late_is_refused_and_not_counted() -> None:
    pool = Workers({"a": "x"})
    pool.expected = Kind.of({"processor": {"model": "another"}}), False
    pool.take(pool.open_workers(["a"]))
    assert pool.kinds == {}
    assert list(pool.refused) == ["a"]
    assert "another" in pool.refused["a"]


def test_a_worker_that_stands_still_does_not_hold_the_end_of_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CLOSE_TIMEOUT_S", 0.1)
    goes_on = threading.Event()
    pool = Workers({})
    pool._registered = True
    pool.client = SimpleNamespace(status="running", unregister_worker_plugin=lambda name: goes_on.wait())
    closing = threading.Thread(target=pool.close, daemon=True)
    closing.start()
    closing.join(20)
    assert not closing.is_alive(), "it waits for the worker"
    goes_on.set()
