"""Keep what a worker has of a run: the package's files, and a server of its own, from its first shard to the end.

Dask calls :class:`WorkerPlugin` where a worker is there, joins, or was started again by its nanny. It takes tasks even
where that failed, so each task asks for the server, and says why there is none.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distributed import Worker, get_worker
from distributed.diagnostics.plugin import WorkerPlugin

from pytest_f07.cluster.assignment import Assignment
from pytest_f07.cluster.files import WorkerFiles
from pytest_f07.cluster.host import HostFolder
from pytest_f07.cluster.worker_server import WorkerServer
from pytest_f07.errors import BrokenRun, F07Error
from pytest_f07.replay.process import ServerCommand, log_tail
from pytest_f07.results.counting import ShardCounter
from pytest_f07.variant import manifest
from pytest_f07.variant.dataset import Dataset
from pytest_f07.variant.paths import Project
from pytest_f07.variant.temporal import dependent_rows

LEASE_S = 20.0
SETUP_MARGIN_S = 30.0
SHOWN_LOG_LINES = 5
JOIN_S = 10.0
POLL_S = 0.05


@dataclass(frozen=True)
class OpenWorker:
    """A worker that is ready for shards.

    :param identity: its server's answer to ``GET /``.
    """

    server: WorkerServer
    identity: dict[str, Any]
    datasets: tuple[Dataset, ...]
    counter: ShardCounter
    folder: Path


class MissingFiles(Exception):
    """The worker sees no such files as the run's, and its host was sent none yet; its text names the host's folder."""


class F07Worker(WorkerPlugin):  # type: ignore[misc]  # distributed's classes are untyped
    """What a worker has of one run.

    :param lease: the key of a task that the driver holds; where the scheduler forgets it, the driver is gone.
    """

    idempotent = True

    def __init__(self, assignment: Assignment, lease: str) -> None:
        self.assignment, self.lease = assignment, lease
        self.name = plugin_name(assignment.nonce)

    async def setup(self, worker: Worker) -> None:
        """Start the server where the files are there; what fails is told by the first task."""
        self.address = worker.address
        self._lock = threading.Lock()
        self._open: OpenWorker | None = None
        self._closed = False
        self._fault: F07Error | OSError | None = None
        try:
            # Below Dask's own scratch folder, which the next worker tidies up where this one is killed.
            self._folder = Path(tempfile.mkdtemp(prefix="f07-", dir=worker.local_directory))
            scratch = Path(worker.local_directory).parent
            self._host = await asyncio.to_thread(HostFolder.join, scratch, self.assignment.nonce)
            self.files = WorkerFiles(self.assignment, self._host.path / "project")
        except (F07Error, OSError) as error:
            self._fault = error
        self._watch = asyncio.create_task(self._end_without_driver(worker))
        # In a thread and with a deadline: a worker whose loop stands still is taken for dead.
        deadline = self.assignment.params.start_timeout_s + SETUP_MARGIN_S
        with suppress(F07Error, MissingFiles, TimeoutError, OSError):
            await asyncio.wait_for(asyncio.to_thread(self.open), deadline)

    def open(self) -> OpenWorker:
        """Return what a task needs; a server that has ended is started again, once.

        :raises MissingFiles: where the files must be sent first.
        :raises F07Error: where this worker cannot be used, with the end of the server's log.
        """
        with self._lock:
            if self._closed:
                raise F07Error("it is not used any more")
            if self._fault is not None:
                raise self._fault
            if self._open is not None and not self._open.server.has_exited():
                return self._open
            if fault := self.assignment.version_fault():
                raise BrokenRun(fault)
            project = self.files.find()
            if project is None:
                raise MissingFiles(self._host.place)
            if self._open is not None:
                self._open.server.stop()
            self._open = None
            self._open = self._start(project)
            if self._closed:  # meanwhile, by the driver or by Dask, which do not wait for the lock
                self.close()
                raise F07Error("it is not used any more")
            return self._open

    def _start(self, project: Project) -> OpenWorker:
        assignment, params = self.assignment, self.assignment.params
        loaded = manifest.load(project, assignment.variant)
        log = self._folder / "server.log"
        path = str(loaded.paths.manifest)
        command = ServerCommand(assignment.server_arguments(path), log, assignment.nonce, params.start_timeout_s)
        names, environment = tuple(loaded.prediction_names), assignment.server_environment()
        server = WorkerServer(command, names, loaded.digest, environment, params.timeout_s)
        models, datasets = loaded.read_models(), loaded.read_datasets(params.sample_size)
        with ThreadPoolExecutor(1) as meanwhile:
            index = meanwhile.submit(self._host.index, datasets, [model.source_f04 for model in models])
            try:
                identity = server.start()
            except (BrokenRun, OSError) as error:
                raise BrokenRun(f"it has no server: {error}{self.last_lines()}") from None
        try:
            counter = ShardCounter(datasets, models, index.result(), dependent_rows(loaded.package))
        except BaseException:
            server.stop()
            raise
        return OpenWorker(server, identity, tuple(datasets), counter, self._folder)

    def last_lines(self) -> str:
        """Return the end of the server's log, as the end of a sentence; empty where it wrote nothing."""
        lines = log_tail(self._folder / "server.log", SHOWN_LOG_LINES)
        return f"; the last lines of its log: {' | '.join(lines)}" if lines else ""

    async def _end_without_driver(self, worker: Worker) -> None:
        """End the server where the driver is gone: the plugin stays on the scheduler, and nobody would."""
        while True:
            await asyncio.sleep(LEASE_S)
            with suppress(OSError):
                status = await worker.scheduler.get_task_status(keys=[self.lease])
                if status.get(self.lease) is None:
                    break
        await asyncio.to_thread(self.close)

    async def teardown(self, worker: Worker) -> None:
        """End the server and remove what was written; also where the set-up failed half way."""
        if watch := getattr(self, "_watch", None):
            watch.cancel()
        await asyncio.to_thread(self.close)

    def close(self) -> None:
        """End the server and remove what was written."""
        self._closed = True
        opened: OpenWorker | None = getattr(self, "_open", None)
        self._open = None
        if opened is not None:
            opened.server.stop()
        if folder := getattr(self, "_folder", None):
            shutil.rmtree(folder, ignore_errors=True)
        if host := getattr(self, "_host", None):
            host.leave()


def plugin_name(nonce: str) -> str:
    """Return the name under which a worker holds what it has of a run."""
    return f"f07-{nonce}"


def this_worker(nonce: str, patience_s: float = JOIN_S) -> F07Worker:
    """Return what the worker that runs this task has of a run.

    :param patience_s: how long to wait for its set-up: a worker that joins takes tasks meanwhile.
    :raises F07Error: where it was not set up.
    """
    worker, end = get_worker(), time.monotonic() + patience_s
    while True:
        plugin = worker.plugins.get(plugin_name(nonce))
        if isinstance(plugin, F07Worker) and hasattr(plugin, "_watch"):
            return plugin
        if time.monotonic() > end:
            raise F07Error("it was not set up for this run; its own log says why")
        time.sleep(POLL_S)
