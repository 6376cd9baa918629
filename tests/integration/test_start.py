"""Server and oracle are started before the variant is checked: a refusal or an interrupt leaves none, and no trace."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import psutil
import pytest

from conftest import F07Project
from tests.integration.test_deaths import PATIENCE, children, free_port, port_is_free, started, wait_for

# Each process that is started is noted, and what pytest has imported until then.
NOTING = """
import subprocess, sys
from pathlib import Path
popen = subprocess.Popen.__init__
def note(self, args, *rest, **options):
    if "manifest.json" in args[-1] or "--nonce" in args:
        with Path("started").open("a") as file:
            print(args[args.index("-m") + 1], *sorted(sys.modules), file=file)
    popen(self, args, *rest, **options)
subprocess.Popen.__init__ = note
"""
HEAVY = {"flask", "h5py", "keras", "matplotlib", "numpy", "pandas", "pyarrow", "requests", "tensorflow"}


def noted(project: F07Project) -> dict[str, set[str]]:
    """Return what pytest had imported when it started each process."""
    path = project.root / "started"
    lines = path.read_text().splitlines() if path.exists() else []
    return {module: set(loaded) for module, *loaded in map(str.split, lines)}


def times(project: F07Project) -> dict[str, int]:
    """When each file and folder of the project was changed; what pytest and Python keep for themselves aside."""
    own = {".pytest_cache", "__pycache__", "started"}
    return {
        str(path.relative_to(project.root)): path.stat().st_mtime_ns
        for path in sorted((project.root / "executions").rglob("*"))
        if not own & set(path.parts)
    }


# -- a variant that is refused


@contextmanager
def locked(project: F07Project) -> Iterator[None]:
    handle = os.open(project.variant, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def alter(project: F07Project) -> None:
    path = project.package / "datasets" / "v401__dataset.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"x")


def spoil(project: F07Project) -> None:
    """Leave no seal, and no dataset that can be read."""
    manifest = project.variant / "manifest.json"
    document = json.loads(manifest.read_text())
    del document["files"]
    manifest.write_text(json.dumps(document))
    alter(project)


REFUSED: dict[str, tuple[Callable[[F07Project], Any], str, tuple[str, ...], bool]] = {
    "seal": (alter, "package v601 no longer matches the seal of v701", (), True),
    "dataset": (spoil, "datasets/v401__dataset.parquet: ", (), True),
    "comparison": (lambda project: None, "there is no variant v799", ("--f07-compare=v799", "-x", "--lf"), True),
    "lock": (locked, "variant v701 is being run, published or removed by another process", (), False),
}


@pytest.mark.parametrize(("spoil", "message", "options", "is_started"), REFUSED.values(), ids=REFUSED)
def test_a_refused_variant_leaves_no_process_and_no_trace(
    f07_project: F07Project,
    spoil: Callable[[F07Project], Any],
    message: str,
    options: tuple[str, ...],
    is_started: bool,
) -> None:
    (f07_project.root / "conftest.py").write_text(NOTING)
    with spoil(f07_project) or nullcontext():
        before = times(f07_project)
        f07_project.assert_refused(message, *options)
    assert noted(f07_project).keys() == ({"pytest_f07.server", "pytest_f07.oracle"} if is_started else set())
    assert children(f07_project) == {}
    assert times(f07_project) == before


# -- what is started when


def test_both_are_started_before_anything_heavy_is_imported(f07_project: F07Project) -> None:
    (f07_project.root / "conftest.py").write_text(NOTING)
    # Not from a process that has all of it, as other sessions of these tests; a refusal comes after the start.
    command = [sys.executable, "-m", "pytest", "--f07-variant=v701", "--f07-compare=v799"]
    done = subprocess.run(command, cwd=f07_project.root, capture_output=True, text=True, check=False)
    assert done.returncode == 4, done.stdout + done.stderr
    loaded = noted(f07_project)
    assert list(loaded) == ["pytest_f07.server", "pytest_f07.oracle"]
    assert {module: modules & HEAVY for module, modules in loaded.items()} == {module: set() for module in loaded}


@pytest.mark.parametrize("options", [["--collect-only"], ["--setup-plan"], ["--setup-only"], ["-k", "nothing"]])
def test_a_session_that_runs_nothing_starts_nothing(f07_project: F07Project, options: list[str]) -> None:
    (f07_project.root / "conftest.py").write_text(NOTING)
    f07_project.run(*options)
    assert noted(f07_project) == {}


def test_fixtures_that_a_plugin_sets_up_once_more_start_nothing(f07_project: F07Project) -> None:
    again = """
def pytest_runtest_teardown(item):
    item.session._setupstate.teardown_exact(None)
"""
    (f07_project.root / "conftest.py").write_text(NOTING + again)
    f07_project.run().assert_outcomes(passed=3)
    assert len((f07_project.root / "started").read_text().splitlines()) == 2


def test_without_equivalence_no_oracle_is_started(f07_project: F07Project) -> None:
    f07_project.set_params(equivalence="off")
    (f07_project.root / "conftest.py").write_text(NOTING)
    f07_project.run("--f07-compare=v799")
    assert noted(f07_project).keys() == {"pytest_f07.server"}


def test_another_command_is_started_when_the_package_is_checked(f07_stub: F07Project) -> None:
    with (f07_stub.root / "conftest.py").open("a") as file:
        file.write(NOTING.replace('args[args.index("-m") + 1]', '"another"'))
    f07_stub.assert_refused("there is no variant v799", "--f07-compare=v799")
    assert noted(f07_stub) == {}
    assert f07_stub.run().ret == 0
    assert noted(f07_stub).keys() == {"another"}


# -- interrupts while the package is checked

CHECKS_FOR_EVER = """
import time
from pathlib import Path
import pytest_f07.run.prepare
def prepare(*arguments):
    Path("checking").touch()
    time.sleep(600)
pytest_f07.run.prepare.prepare = prepare
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupt_before_they_are_told_to_go_leaves_neither(
    f07_project: F07Project, number: signal.Signals
) -> None:
    (f07_project.root / "conftest.py").write_text(CHECKS_FOR_EVER)
    port = free_port()
    with started(f07_project, port) as session:
        wait_for((f07_project.root / "checking").exists, "the check")
        before = times(f07_project)
        assert len([process for process in children(f07_project) if process.pid != session.pid]) == 2
        session.send_signal(number)
        code = session.wait(PATIENCE)
    output = (f07_project.root / "output.txt").read_text()
    assert code == (2 if number == signal.SIGINT else -number), output
    assert "Traceback" not in output
    wait_for(lambda: not children(f07_project), "the end of both")
    wait_for(lambda: port_is_free(port), "the port's release")
    assert times(f07_project) == before


# -- the processes themselves


def is_idle(process: psutil.Process) -> bool:
    """Return whether a process computes nothing for a moment."""
    before = process.cpu_times()
    time.sleep(0.5)
    return process.cpu_times() == before


@pytest.mark.parametrize("module", ["pytest_f07.server", "pytest_f07.oracle"])
@pytest.mark.parametrize("end", ["go", "end of file"])
def test_neither_opens_a_file_of_the_project_before_it_is_told_to(tmp_path: Path, module: str, end: str) -> None:
    manifest = tmp_path / "executions" / "07_deployrun" / "v701" / "manifest.json"  # it is not there
    log = tmp_path / "log"
    log.touch()
    command = [sys.executable, "-m", module, str(manifest), *(["--wait"] if module == "pytest_f07.server" else [])]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT) as process:
        child = psutil.Process(process.pid)
        wait_for(lambda: any("tensorflow" in entry.path for entry in child.memory_maps()), "the import")
        wait_for(lambda: is_idle(child), "the import's end")
        assert child.status() != psutil.STATUS_ZOMBIE, "it did not wait"
        assert not [file for file in child.open_files() if str(tmp_path) in file.path]
        if end == "go":
            assert process.stdin is not None
            process.stdin.write(json.dumps(str(log)).encode() + b"\n")
            process.stdin.flush()
            assert process.wait(PATIENCE) != 0
            said = process.stdout.read().decode() if process.stdout else ""
            assert "07_deployrun/v701" in (log.read_text() if module == "pytest_f07.server" else said)
        else:
            process.communicate(timeout=PATIENCE)
            assert process.returncode == 0
            assert log.read_text() == ""
