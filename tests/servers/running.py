"""Start the servers of this folder, each in the environment of its own, and end them with all their processes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import psutil
import requests

from tests.servers.deployed import FAULT_FILE, FAULTS, prediction_names

REPOSITORY = Path(__file__).parents[2]
LOG = "server.log"
START_S, END_S = 180, 20


@dataclass(frozen=True)
class Kind:
    """A kind of server, and how it is started.

    :param environment: the folder of its environment; empty: the one that runs the tests.
    :param ready: a path that answers 200 once a model can be asked; ``{name}`` is the model's name.
    :param each: whether each model has a port of its own.
    :param more_ports: ports that it needs beside.
    """

    environment: str
    ready: str
    each: bool = False
    more_ports: int = 0

    @property
    def python(self) -> Path:
        return REPOSITORY / self.environment / "bin" / "python" if self.environment else Path(sys.executable)


KINDS = {
    "kserve": Kind(".venv-kserve", "/v2/models/{name}/ready"),
    "mlserver": Kind(".venv-mlserver", "/v2/models/{name}/ready", more_ports=1),
    "mlflow": Kind(".venv-mlflow", "/ping", each=True),
    "bentoml": Kind(".venv-bentoml", "/readyz"),
    "triton": Kind(".venv-triton", "/v2/models/{name}/ready", more_ports=1),
    "tensorflow_serving": Kind("", "/v1/models/{name}"),
    "pipeline": Kind("", "/"),
}


@dataclass(frozen=True)
class RunningServer:
    """A server that is ready.

    :param urls: the base of each model's addresses, by prediction_name.
    :param folder: its working directory, with its log.
    """

    kind: str
    urls: dict[str, str]
    folder: Path
    process: subprocess.Popen[bytes] = field(repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.urls)

    @property
    def url(self) -> str:
        """The base of all addresses, where all models have the same."""
        (url,) = set(self.urls.values())
        return url

    def plant(self, fault: str) -> None:
        """Let every answer from now on have a fault, or "none"."""
        assert fault in FAULTS
        (self.folder / FAULT_FILE).write_text(fault)

    def last_lines(self) -> str:
        """Return the end of what the server printed."""
        return "\n".join((self.folder / LOG).read_text(errors="replace").splitlines()[-30:])


@contextmanager
def serve(kind: str, package: Path, folder: Path) -> Iterator[RunningServer]:
    """Run a server with the models of ``package`` on free ports, until the context ends.

    :param folder: an empty folder, the server's working directory.
    """
    names = list(prediction_names(package))
    needed = len(names) if KINDS[kind].each else 1
    ports = free_ports(needed + KINDS[kind].more_ports)
    command = [KINDS[kind].python, "-m", f"tests.servers.serve_{kind}", package.absolute(), *ports]
    environment = {
        **os.environ,
        "PYTHONPATH": str(REPOSITORY),
        "CUDA_VISIBLE_DEVICES": "-1",
        # Its fused kernels hide that a score is not a number, which a run finds: F07-EQUIVALENCE.
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    (folder / FAULT_FILE).write_text("none")
    with ExitStack() as stack:
        # Triton keeps sockets there, whose paths must be short.
        environment["HOME"] = stack.enter_context(TemporaryDirectory(prefix="f07-", ignore_cleanup_errors=True))
        output = stack.enter_context((folder / LOG).open("wb"))
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        stack.callback(end, process)
        bases = [f"http://127.0.0.1:{port}" for port in ports[:needed]]
        urls = dict(zip(names, bases if len(bases) > 1 else bases * len(names), strict=True))
        server = RunningServer(kind, urls, folder, process)
        wait(server)
        yield server


def free_ports(count: int) -> list[int]:
    """Return ports of 127.0.0.1 on which nobody listens."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def wait(server: RunningServer) -> None:
    """Ask for every model until all are ready.

    :raises AssertionError: where the server ends or is not ready in time; with what it printed.
    """
    deadline = time.monotonic() + START_S
    for name, url in server.urls.items():
        ready = url + KINDS[server.kind].ready.format(name=quote(name, safe=""))
        while not answers(ready):
            ended, late = server.process.poll() is not None, time.monotonic() > deadline
            assert not ended, f"{server.kind} ended with status {server.process.returncode}:\n{server.last_lines()}"
            assert not late, f"{server.kind} is not ready after {START_S} s:\n{server.last_lines()}"
            time.sleep(0.1)


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).status_code == 200
    except requests.RequestException:
        return False


def end(process: subprocess.Popen[bytes], wait_s: float = END_S) -> None:
    """End a server and whatever it started: politely, and after some seconds not."""
    try:
        children = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        children = []
    process.terminate()
    try:
        process.wait(wait_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    _, alive = psutil.wait_procs(children, timeout=2)
    for child in alive:
        with suppress(psutil.NoSuchProcess):
            child.kill()
    psutil.wait_procs(alive, timeout=2)
