"""Start schedulers and workers as a user does, in processes of their own, and sessions that use them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from conftest import F07Project
from tests.cluster.hosts import Host

PATIENCE_S = 240
# Shards of a few batches, in place of four million predictions.
SMALL_SHARDS = """
import functools
import pytest_f07.run.execute as execute
execute.cut_shards = functools.partial(execute.cut_shards, predictions=1500)
"""
# A worker on another host sees nothing where the driver's project is.
NO_SHARED_DISK = """
from pytest_f07.cluster import replayer
Assignment = replayer.Assignment
replayer.Assignment = lambda **values: Assignment(**{**values, "root": "/nowhere"})
"""


@dataclass
class Cluster:
    """A scheduler and its workers.

    :param folder: for their logs and scratch files.
    :param tls: the options that name their certificates; none: without encryption.
    :param host: of the scheduler; None: this machine, at loopback.
    :param variables: of the scheduler's environment.
    """

    folder: Path
    tls: tuple[str, ...] = ()
    host: Host | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        protocol, here = "tls" if self.tls else "tcp", _address(self.host)
        self.address = f"{protocol}://{here}:{port}"
        port_options = ("--protocol", protocol, "--host", here, "--port", str(port))
        place = (*port_options, "--no-dashboard", "--dashboard-address", "127.0.0.1:0")
        self.scheduler = self._start("scheduler", self.host, *place, *self.tls, variables=self.variables)
        log = self.folder / "scheduler-0.log"
        wait_for(lambda: "Scheduler at:" in log.read_text(), "the scheduler")

    def add_workers(
        self,
        number: int = 1,
        nanny: bool = False,
        file_bytes: int | None = None,
        host: Host | None = None,
        **variables: str,
    ) -> None:
        """Start workers.

        :param file_bytes: how large a file may be that one writes: as on a full disk.
        :param host: theirs; None: this machine, at loopback.
        """
        scratch = ("--local-directory", str(self.folder / f"scratch-{len(self.processes)}"))
        kind = "--nanny" if nanny else "--no-nanny"
        limits = ("--nthreads", "1", "--memory-limit", "0", "--no-dashboard", "--host", _address(host))
        options = (*limits, *scratch, kind, *self.tls)
        self.workers += [
            self._start("worker", host, self.address, *options, file_bytes=file_bytes, variables=variables)
            for _ in range(number)
        ]

    def _start(
        self, what: str, host: Host | None, *arguments: str, variables: Mapping[str, str], file_bytes: int | None = None
    ) -> subprocess.Popen[bytes]:
        command = [*(host.prefix if host else ()), sys.executable, "-m", f"distributed.cli.dask_{what}", *arguments]
        if file_bytes is not None:
            command = ["prlimit", f"--fsize={file_bytes}", *command]
        with (self.folder / f"{what}-{len(self.processes)}.log").open("wb") as log:
            environment = {**os.environ, **variables}
            process = subprocess.Popen(command, cwd=self.folder, env=environment, stdout=log, stderr=log)
        self.processes.append(process)
        return process

    def close(self) -> None:
        """End all processes."""
        children = [child for process in self.processes for child in _children(process.pid)]
        for process in self.processes:
            process.kill()
            process.wait()
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.kill()


@dataclass
class Session:
    """A session under way.

    :param project: where it runs.
    :param arguments: of pytest.
    :param host: where it runs; None: this machine.
    """

    project: F07Project
    arguments: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)
    host: Host | None = None

    def __post_init__(self) -> None:
        self._log = self.project.root / "session.log"
        command = [
            *(self.host.prefix if self.host else ()),
            sys.executable,
            "-P",
            "-m",
            "pytest",
            "--f07-variant=v701",
            "-W",
            "default",
            *self.arguments,
        ]
        environment = {**os.environ, **self.variables}
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(command, cwd=self.project.root, env=environment, stdout=log, stderr=log)

    @property
    def parts(self) -> int:
        """How many parts are finished."""
        return len(list((self.project.variant / "runtime" / "parts").glob("*.json")))

    def wait_for_parts(self, number: int) -> None:
        wait_for(lambda: self.parts >= number or self.process.poll() is not None, f"{number} parts")
        assert self.process.poll() is None, self.output

    def end(self) -> int:
        try:
            return self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)
            raise AssertionError(f"the session does not end:\n{self.output}") from None

    @property
    def output(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")


def servers_of(project: F07Project) -> list[psutil.Process]:
    """The servers that any worker has for this project, or for a copy of its files: all lie in one folder."""
    return [process for process in psutil.process_iter() if _is_server(_command(process), project)]


def _is_server(command: list[str], project: F07Project) -> bool:
    return "--socket" in command and any(str(project.root.parent) in argument for argument in command)


def pid_of(worker: subprocess.Popen[bytes]) -> int:
    """The process of a worker: where a nanny watches it, the nanny's child."""
    children = [child for child in _children(worker.pid) if "spawn_main" in " ".join(_command(child))]
    return children[0].pid if children else worker.pid


def wait_for(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.02)


def _children(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return []


def _address(host: Host | None) -> str:
    return host.address if host else "127.0.0.1"
