"""What the tests of clusters share: a cluster of their own each, and what an undisturbed run on one machine writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conftest import F07Project
from tests.cluster.hosts import Host
from tests.cluster.running import SMALL_SHARDS, Cluster, Session, servers_of, wait_for

StartSession = Callable[..., Session]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A scheduler without workers yet."""
    folder = tmp_path / "cluster"
    folder.mkdir()
    cluster = Cluster(folder)
    try:
        yield cluster
    finally:
        cluster.close()


@pytest.fixture
def undisturbed(f07_project: F07Project) -> dict[str, bytes]:
    """What a run on one machine writes, each dataset in one shard."""
    f07_project.stub()
    assert f07_project.run().ret == 0
    return f07_project.artefacts()


@pytest.fixture
def start_session(f07_project: F07Project) -> Iterator[StartSession]:
    """Start a session answered by the stub, with small shards; no server stays when it has ended."""
    sessions: list[Session] = []

    def start(
        *arguments: str, fault: str = "none", more: str = "", host: Host | None = None, **variables: str
    ) -> Session:
        f07_project.stub(fault)
        conftest = f07_project.root / "conftest.py"
        conftest.write_text(conftest.read_text() + SMALL_SHARDS + more)
        sessions.append(Session(f07_project, arguments, variables, host))
        return sessions[-1]

    yield start
    for session in sessions:
        session.process.kill()
        session.process.wait()
    wait_for(lambda: not servers_of(f07_project), "the servers' end")
