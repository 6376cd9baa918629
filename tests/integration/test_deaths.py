"""However a session ends, no server stays, the port is free, and nothing looks complete that is not."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from conftest import F07Project

PATIENCE = 60


def wait_for(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"{what} did not happen in {PATIENCE} s"
        time.sleep(0.02)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def started(project: F07Project, port: int) -> Iterator[subprocess.Popen[bytes]]:
    params = f"parent_variant_f06: v601\nruntime: {{port: {port}}}\n"
    (project.variant / "params.yaml").write_text(params)
    output = (project.root / "output.txt").open("wb")
    command = [sys.executable, "-m", "pytest", "--f07-variant=v701"]
    with output, subprocess.Popen(command, cwd=project.root, stdout=output, stderr=output) as session:
        try:
            yield session
        finally:
            session.kill()


def stalled(project: F07Project) -> bool:
    # os.walk passes over a folder that is gone when it comes to it: the run makes and removes some meanwhile.
    return any("stalled" in files for _, _, files in os.walk(project.root))


def children(project: F07Project) -> dict[psutil.Process, str]:
    """What runs for this project, zombies aside: its server, its oracle, and the processes that draw."""
    kinds = {}
    for process in psutil.process_iter(["cmdline", "cwd", "status"]):
        line = " ".join(process.info["cmdline"] or [])
        is_ours = "manifest.json" in line and str(project.root) in line
        draws = "pytest_f07.results.drawing" in line and process.info["cwd"] == str(project.root)
        if (is_ours or draws) and process.info["status"] != psutil.STATUS_ZOMBIE:
            kinds[process] = "drawing" if draws else "oracle" if "pytest_f07.oracle" in line else "server"
    return kinds


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("moment", ["starting", "stalls"])
def test_no_server_outlives_its_session(f07_project: F07Project, moment: str, number: signal.Signals) -> None:
    f07_project.stub(moment)
    port = free_port()
    with started(f07_project, port) as session:
        wait_for(lambda: stalled(f07_project), "the stall")
        assert set(children(f07_project).values()) >= {"server", "drawing"}
        session.send_signal(number)
        code = session.wait(PATIENCE)
    assert code == (2 if number == signal.SIGINT else -number), (f07_project.root / "output.txt").read_text()
    wait_for(lambda: not children(f07_project), "the children's end")
    wait_for(lambda: port_is_free(port), "the port's release")
    assert not (f07_project.variant / "07_deployrun_metadata.json").exists()
    assert not (f07_project.variant / "logs" / "raw_predictions.parquet").exists()
    # and the next run is as if nothing had been
    f07_project.stub()
    assert f07_project.run().ret == 0


def test_a_killed_server_is_named_with_its_place(f07_project: F07Project) -> None:
    f07_project.stub("stalls")
    with started(f07_project, free_port()) as session:
        wait_for(lambda: stalled(f07_project), "the stall")
        for server in [process for process, kind in children(f07_project).items() if kind == "server"]:
            server.kill()
        assert session.wait(PATIENCE) == 1
    output = (f07_project.root / "output.txt").read_text()
    assert re.search(r"not validated: the server died at v40[12] row [\d,]+ \(by SIGKILL; ", output), output


def test_one_run_of_a_variant_at_a_time(f07_stub: F07Project) -> None:
    before = f07_stub.tree()
    handle = os.open(f07_stub.variant, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        result = f07_stub.run()
    finally:
        os.close(handle)
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: variant v701 is being run, published or removed by another process; wait *"])
    assert f07_stub.tree() == before


def test_a_foreign_process_under_an_old_pid_is_not_killed(f07_stub: F07Project) -> None:
    assert f07_stub.run().ret == 0
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as foreign:
        folder = f07_stub.root / ".pytest_cache" / "d" / ".xprocess" / "f07-server"
        assert folder.is_dir()
        (folder / "xprocess.PID").write_text(str(foreign.pid))
        assert f07_stub.run().ret == 0
        assert foreign.poll() is None
        assert f07_stub.pytester.runpytest_subprocess("--xkill").ret in (0, 1)
        assert foreign.poll() is None
        foreign.communicate(b"\n")


def test_what_an_earlier_run_left_is_cleaned_and_nothing_beside_it(f07_stub: F07Project, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious.txt").write_text("keep me")
    (f07_stub.variant / "logs").symlink_to(elsewhere)
    (f07_stub.variant / "metrics").mkdir()
    (f07_stub.variant / "metrics" / "old.csv").write_text("old")
    (f07_stub.variant / "notes.txt").write_text("mine")
    assert f07_stub.run().ret == 0
    assert (elsewhere / "precious.txt").read_text() == "keep me"
    assert sorted(path.name for path in elsewhere.iterdir()) == ["precious.txt"]
    assert not (f07_stub.variant / "metrics" / "old.csv").exists()
    assert (f07_stub.variant / "notes.txt").read_text() == "mine"


def test_a_full_disk_breaks_the_run_and_says_so(f07_stub: F07Project) -> None:
    # a limit on the size of a file stands for a disk that fills while the log is written
    with (f07_stub.root / "conftest.py").open("a") as file:
        file.write("import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))\n")
    result = f07_stub.run()
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(["F07-BROKEN  feeder_overload: not validated: *File too large*"])
    assert not (f07_stub.variant / "07_deployrun_metadata.json").exists()
    assert not (f07_stub.variant / "logs" / "raw_predictions.csv").exists()
