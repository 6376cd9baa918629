"""Workers die, join and leave while a run is under way: nothing is lost, nothing counted twice, nothing stays."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from conftest import F07Project
from tests.cluster.conftest import StartSession
from tests.cluster.running import NO_SHARED_DISK, Cluster, Session, pid_of, servers_of, wait_for


@pytest.mark.parametrize("nanny", [False, True], ids=["alone", "nanny"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "leaves"])
def test_a_worker_that_goes_away_takes_nothing_with_it(
    cluster: Cluster,
    start_session: StartSession,
    f07_project: F07Project,
    undisturbed: dict[str, bytes],
    nanny: bool,
    number: signal.Signals,
) -> None:
    cluster.add_workers(2, nanny=nanny)
    session = start_session(f"--f07-scheduler={cluster.address}", fault="slow")
    session.wait_for_parts(2)
    os.kill(pid_of(cluster.workers[0]), number)
    assert session.end() == 0, session.output
    assert f07_project.artefacts() == undisturbed


def test_a_server_that_is_killed_is_started_again(
    cluster: Cluster, start_session: StartSession, f07_project: F07Project, undisturbed: dict[str, bytes]
) -> None:
    cluster.add_workers(1)
    session = start_session(f"--f07-scheduler={cluster.address}", fault="slow")
    session.wait_for_parts(2)
    [server] = servers_of(f07_project)
    server.kill()
    assert session.end() == 0, session.output
    assert f07_project.artefacts() == undisturbed


def test_a_server_that_dies_of_a_shard_breaks_the_run_with_worker_place_and_log(
    cluster: Cluster, start_session: StartSession
) -> None:
    cluster.add_workers(1)
    session = start_session(f"--f07-scheduler={cluster.address}", fault="dies")
    assert session.end() == 1
    assert "The run broke: worker tcp://127.0.0.1:" in session.output
    assert ": the server died at " in session.output
    assert "the last lines of its log: stub ready" in session.output
    assert "Traceback" not in session.output, session.output


def test_a_worker_that_joins_late_works_too(
    cluster: Cluster, start_session: StartSession, f07_project: F07Project, undisturbed: dict[str, bytes]
) -> None:
    cluster.add_workers(1)
    session = start_session(f"--f07-scheduler={cluster.address}", fault="slow")
    with before_the_run_goes_on(session, f07_project):
        cluster.add_workers(1)
        wait_for(lambda: len(servers_of(f07_project)) == 2, "the second server")
    os.kill(pid_of(cluster.workers[0]), signal.SIGKILL)
    assert session.end() == 0, session.output
    assert f07_project.artefacts() == undisturbed


def test_the_others_go_on_while_a_late_worker_is_sent_the_files(
    cluster: Cluster,
    start_session: StartSession,
    f07_project: F07Project,
    undisturbed: dict[str, bytes],
    tmp_path: Path,
) -> None:
    cluster.add_workers(1)
    session = start_session(f"--f07-scheduler={cluster.address}", fault="slow", more=NO_SHARED_DISK)
    asked = tmp_path / "asked"
    with before_the_run_goes_on(session, f07_project):
        cluster.add_workers(1, PYTHONPATH=slow_disk(tmp_path / "slow", f07_project, asked, session.parts + 4))
        wait_for(asked.exists, "the late worker's first file")
    assert session.end() == 0, session.output
    assert f07_project.artefacts() == undisturbed


@contextmanager
def before_the_run_goes_on(session: Session, project: F07Project) -> Iterator[None]:
    """Have the first worker's server stand still: a worker takes seconds to join, and the run might be over."""
    session.wait_for_parts(1)
    [server] = servers_of(project)
    server.suspend()
    try:
        yield
    finally:
        server.resume()


def slow_disk(folder: Path, project: F07Project, asked: Path, parts: int) -> str:
    """A folder for PYTHONPATH of a worker that writes no file before the others have finished so many parts.

    :param asked: a file that is there once the worker was to write one.
    """
    records = project.variant / "runtime" / "parts"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        f"""
import pathlib, time
from pytest_f07.cluster.files import WorkerFiles
receive = WorkerFiles.receive

def receive_late(*arguments):
    pathlib.Path({str(asked)!r}).touch()
    while len(list(pathlib.Path({str(records)!r}).glob("*.json"))) < {parts}:
        time.sleep(0.02)
    receive(*arguments)

WorkerFiles.receive = receive_late
"""
    )
    return str(folder)


def test_a_shard_that_kills_four_workers_is_named(cluster: Cluster, start_session: StartSession) -> None:
    cluster.add_workers(4, nanny=True)
    session = start_session(f"--f07-scheduler={cluster.address}", fault="kills-its-worker")
    assert session.end() == 1
    assert " killed 4 workers, the last of them tcp://127.0.0.1:" in session.output
    assert "No metadata was written." in session.output


def test_a_scheduler_that_goes_away_breaks_the_run_in_a_sentence(
    cluster: Cluster, start_session: StartSession, f07_project: F07Project
) -> None:
    cluster.add_workers(2)
    session = start_session(f"--f07-scheduler={cluster.address}", fault="slow")
    session.wait_for_parts(1)
    cluster.scheduler.kill()
    assert session.end() == 1
    assert "the scheduler went away" in session.output
    assert "Traceback" not in session.output, session.output
    assert not (f07_project.variant / "07_deployrun_metadata.json").exists()


def test_a_driver_that_is_killed_leaves_a_run_that_can_go_on(
    cluster: Cluster, start_session: StartSession, f07_project: F07Project, undisturbed: dict[str, bytes]
) -> None:
    cluster.add_workers(2)
    session = start_session(f"--f07-scheduler={cluster.address}", fault="slow")
    session.wait_for_parts(2)
    session.process.kill()
    session.process.wait()
    left = session.parts
    resumed = start_session(f"--f07-scheduler={cluster.address}", "--f07-resume")
    assert resumed.end() == 0, resumed.output
    assert f07_project.metadata["resumed"]["taken"] >= left
    assert f07_project.artefacts() == undisturbed


def test_a_full_disk_on_one_worker_is_that_workers_alone(
    cluster: Cluster, start_session: StartSession, f07_project: F07Project, undisturbed: dict[str, bytes]
) -> None:
    cluster.add_workers(1)
    cluster.add_workers(1, file_bytes=2048)
    session = start_session(f"--f07-scheduler={cluster.address}", fault="slow")
    assert session.end() == 0, session.output
    assert re.search("worker tcp:.* was not used: .*File too large", session.output)
    assert f07_project.artefacts() == undisturbed


@pytest.mark.parametrize("is_given_up", [False, True], ids=["waited for", "given up"])
def test_what_a_worker_that_stands_still_has_is_counted_once(
    start_session: StartSession,
    f07_project: F07Project,
    undisturbed: dict[str, bytes],
    tmp_path: Path,
    is_given_up: bool,
) -> None:
    """Where the scheduler gives it up, others do its shards; it goes on all the same, so they may be done twice."""
    patience = {"DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "2 s"} if is_given_up else {}
    with closing(Cluster(tmp_path, variables=patience)) as cluster:
        cluster.add_workers(2)
        session = start_session(f"--f07-scheduler={cluster.address}", fault="slow")
        session.wait_for_parts(2)
        [stopped, _] = cluster.workers
        stopped.send_signal(signal.SIGSTOP)
        if is_given_up:
            log = tmp_path / "scheduler-0.log"
            wait_for(lambda: "failed to heartbeat" in log.read_text(errors="replace"), "the end of its patience")
        else:
            session.wait_for_parts(4)
        stopped.send_signal(signal.SIGCONT)
        assert session.end() == 0, session.output
        assert f07_project.artefacts() == undisturbed
        wait_for(lambda: not servers_of(f07_project), "the end of the servers")
