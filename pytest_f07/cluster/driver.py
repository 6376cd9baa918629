"""Ask the workers of a cluster: open each, send files to those without them, and keep some tasks under way."""

from __future__ import annotations

import queue
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distributed import Client, Future
from distributed.scheduler import KilledWorker

from pytest_f07.cluster.answers import Done, Kind, Missing, Refused
from pytest_f07.cluster.assignment import Assignment
from pytest_f07.cluster.files import chunks
from pytest_f07.cluster.tasks import close_worker, open_worker, receive_file
from pytest_f07.cluster.worker import F07Worker, plugin_name
from pytest_f07.errors import BrokenRun, F07Error, first_line
from pytest_f07.variant.processor import describe_processor
from pytest_f07.variant.wording import counted

TASKS_PER_WORKER = 2
POLL_S = 1.0


@dataclass(frozen=True)
class Job:
    """A task for any worker.

    :param name: as messages and the scheduler's own pages show it, like ``v401 rows 0 to 4,095``.
    :param function: that a worker runs, given the run's nonce, the kind of worker that may answer, and ``arguments``.
    """

    name: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...]


class Driver:
    """The driver of one run.

    :param files: what a worker without them is sent, by name.
    :param mixed_cpus: whether workers may have processors of different kinds.
    :param start_timeout_s: seconds until a first worker must be there, and how long none may be.
    """

    def __init__(
        self,
        client: Client,
        assignment: Assignment,
        files: Mapping[str, Path],
        mixed_cpus: bool,
        start_timeout_s: float,
    ) -> None:
        self._client, self._assignment, self._files = client, assignment, files
        self._mixed_cpus, self._start_timeout_s = mixed_cpus, start_timeout_s
        self._nonce = assignment.nonce
        self._expected: tuple[Kind, bool] | None = None
        self._submitted: Counter[str] = Counter()
        self.refused: dict[str, str] = {}
        self.identities: dict[str, dict[str, Any]] = {}

    # -- workers

    def open(self) -> dict[str, Any]:
        """Open every worker that is there, refuse those that do not suit, and return what a server tells of itself.

        :raises BrokenRun: where no worker can be used.
        """
        with _explain_dask():
            self._wait_for_worker()
            lease = f"{plugin_name(self._nonce)}-lease"
            self._lease = self._client.submit(int, key=lease, pure=False)
            self._client.register_plugin(F07Worker(self._assignment, lease))
            self._open(self.workers())
        if not self.identities:
            raise BrokenRun(f"no worker can be used: {self._reasons()}")
        expected = self._choose_kind()
        self._expected = expected, self._mixed_cpus
        for address, identity in list(self.identities.items()):
            if difference := Kind.of(identity).difference(expected, self._mixed_cpus):
                self._refuse(Refused(address, difference))
        return min(self.identities.items())[1]

    def _wait_for_worker(self) -> None:
        end = time.monotonic() + self._start_timeout_s
        while not self.workers():
            if time.monotonic() > end:
                raise BrokenRun(f"the scheduler had no worker for {self._start_timeout_s:g} s")
            time.sleep(POLL_S / 10)

    def workers(self) -> list[str]:
        """Return the addresses of the workers that are there now and not refused."""
        there = self._client.scheduler_info(n_workers=-1)["workers"]
        return sorted(address for address in there if address not in self.refused)

    def _open(self, addresses: Iterable[str]) -> None:
        answers = self._ask_each(open_worker, addresses)
        if missing := [answer.address for answer in answers if isinstance(answer, Missing)]:
            self._send_files(missing)
            answers += self._ask_each(open_worker, missing)
        for answer in answers:
            if isinstance(answer, Done):
                self.identities[answer.address] = answer.value
            elif isinstance(answer, Refused):
                self._refuse(answer)

    def _ask_each(self, function: Callable[..., Any], addresses: Iterable[str], *arguments: Any) -> list[Any]:
        """Return what each worker answers; one that is gone meanwhile answers nothing."""
        futures = {
            self._client.submit(function, self._nonce, *arguments, workers=[address], pure=False): address
            for address in addresses
        }
        answers = []
        for future, address in futures.items():
            while not future.done() and address in self.workers():
                time.sleep(POLL_S / 100)
            if future.done():
                answers.append(future.result())
        self._client.cancel([future for future in futures if not future.done()])
        return answers

    def _send_files(self, addresses: list[str]) -> None:
        """Send each file once to the cluster; workers hand its parts on to each other."""
        for name, path in self._files.items():
            for offset, content in chunks(path):
                [part] = self._client.scatter([content], hash=False)
                for answer in self._ask_each(receive_file, addresses, name, offset, part):
                    if isinstance(answer, Refused):
                        self._refuse(answer)

    def _choose_kind(self) -> Kind:
        """Return the kind that answers: the driver's own where a worker has it, else that of the most workers."""
        kinds = Counter(map(Kind.of, self.identities.values()))
        own = tuple(sorted(describe_processor().items()))
        return max(kinds, key=lambda kind: (kind.processor == own, kinds[kind], repr(kind)))

    def _refuse(self, answer: Refused) -> None:
        if answer.address not in self.refused:
            self.refused[answer.address] = answer.reason
            self.identities.pop(answer.address, None)
            self._client.submit(close_worker, self._nonce, workers=[answer.address], pure=False)

    def _reasons(self) -> str:
        return "; ".join(f"worker {address}: {reason}" for address, reason in sorted(self.refused.items()))

    # -- tasks

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Done[Any]]]:
        """Yield each job with its answer, in the order in which they are done; few are under way at a time.

        :raises BrokenRun: where one cannot be done.
        """
        waiting, running = iter(jobs), dict[Future, Job]()
        done: queue.SimpleQueue[Future] = queue.SimpleQueue()
        exhausted = False

        def submit(job: Job) -> None:
            future = self._submit(job)
            running[future] = job
            future.add_done_callback(done.put)

        with _explain_dask():
            try:
                while True:
                    while not exhausted and len(running) < TASKS_PER_WORKER * max(1, len(self.workers())):
                        if (job := next(waiting, None)) is None:
                            exhausted = True
                        else:
                            submit(job)
                    if not running:
                        return
                    future = self._next(done)
                    job = running.pop(future)
                    answer = self._result(future, job)
                    future.release()
                    if isinstance(answer, Done):
                        yield job, answer
                    else:
                        if isinstance(answer, Missing):
                            self._send_files([answer.address])
                        else:
                            self._refuse(answer)
                        submit(job)
            finally:
                self._client.cancel(list(running))

    def _submit(self, job: Job) -> Future:
        self._submitted[job.name] += 1
        number = self._submitted[job.name]
        key = f"{plugin_name(self._nonce)[:12]} {job.name}" + (f" ({number})" if number > 1 else "")
        suitable = self.workers() if self.refused else None
        if suitable == []:
            raise BrokenRun(f"no worker is left: {self._reasons()}")
        return self._client.submit(
            job.function,
            self._nonce,
            self._expected,
            *job.arguments,
            key=key,
            pure=False,
            workers=suitable,
            allow_other_workers=suitable is not None,
        )

    def _next(self, done: queue.SimpleQueue[Future]) -> Future:
        """Wait for the next task that is done."""
        last_seen = time.monotonic()
        while True:
            try:
                return done.get(timeout=POLL_S)
            except queue.Empty:
                if self.workers():
                    last_seen = time.monotonic()
                elif time.monotonic() - last_seen > self._start_timeout_s:
                    raise BrokenRun(f"the cluster has had no worker for {self._start_timeout_s:g} s") from None

    def _result(self, future: Future, job: Job) -> Any:
        try:
            return future.result()
        except KilledWorker as error:
            raise BrokenRun(
                f"{job.name} killed {counted(error.allowed_failures + 1, 'worker')}, the last of them "
                f"{error.last_worker.address}: memory, or a crash of its process; the worker's own log says more"
            ) from None

    def close(self) -> None:
        """End the servers on all workers."""
        with _explain_dask():
            self._client.unregister_worker_plugin(plugin_name(self._nonce))


@contextmanager
def _explain_dask() -> Iterator[None]:
    """Say in a sentence what Dask raises where the scheduler is gone, or a worker failed as nobody expected."""
    try:
        yield
    except F07Error:
        raise
    except CancelledError:
        raise BrokenRun("the scheduler went away, and with it the workers; is it still running?") from None
    except (OSError, TimeoutError) as error:
        raise BrokenRun(f"the cluster cannot be reached any more: {first_line(error)}") from None
    except Exception as error:
        raise BrokenRun(f"a worker failed: {type(error).__name__}: {first_line(error)}") from error
