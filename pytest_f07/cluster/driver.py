"""Keep some tasks under way on the workers of a cluster, and take their answers as they come."""

from __future__ import annotations

import queue
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from distributed import Future
from distributed.client import ClosedClientError
from distributed.scheduler import KilledWorker

from pytest_f07.cluster.answers import Done, Missing
from pytest_f07.cluster.late import LateWorkers
from pytest_f07.cluster.pool import LOST, WorkerPool
from pytest_f07.cluster.worker import plugin_name
from pytest_f07.errors import BrokenRun, F07Error, first_line
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

    :param pool: its workers, opened.
    """

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool
        self._submitted: Counter[str] = Counter()

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Done[Any]]]:
        """Yield each job with its answer, in the order in which they are done; few are under way at a time.

        :raises BrokenRun: where one cannot be done.
        """
        waiting, again, running = iter(jobs), deque[Job](), dict[Any, Job]()
        done: queue.SimpleQueue[Any] = queue.SimpleQueue()
        with explain_dask(), LateWorkers(self._pool, done.put) as late:
            try:
                while True:
                    ready = [address for address in self._pool.workers() if address not in late.addresses]
                    # Where nobody is there, the first that comes takes tasks; late ones are waited for.
                    usable = len(ready) or (0 if late.addresses else 1)
                    room, exhausted = TASKS_PER_WORKER * usable, False
                    while len(running) < room and not exhausted:
                        job = again.popleft() if again else next(waiting, None)
                        if job is None:
                            exhausted = True
                        else:
                            future = self._submit(job, ready if self._pool.refused or late.addresses else None)
                            running[future] = job
                            future.add_done_callback(done.put)
                    if exhausted and not running:
                        return
                    ended = self._next(done)
                    if ended not in running:
                        late.take()
                        continue
                    job = running.pop(ended)
                    answer = self._result(ended, job)
                    ended.release()
                    if isinstance(answer, Done):
                        self._pool.kinds[answer.address] = answer.kind
                        yield job, answer
                    else:
                        again.append(job)
                        if isinstance(answer, Missing):
                            late.add(answer.address)
                        else:
                            self._pool.refuse(answer)
            finally:
                self._pool.client.cancel(list(running))

    def _submit(self, job: Job, suitable: Sequence[str] | None) -> Future:
        """Give a task to one of the suitable workers, or of those that come where these go away; None: to any."""
        self._submitted[job.name] += 1
        number = self._submitted[job.name]
        key = f"{plugin_name(self._pool.nonce)[:12]} {job.name}" + (f" ({number})" if number > 1 else "")
        if suitable == []:
            raise BrokenRun(f"no worker is left: {self._pool.reasons()}")
        return self._pool.client.submit(
            job.function,
            self._pool.nonce,
            self._pool.expected,
            *job.arguments,
            key=key,
            pure=False,
            workers=suitable,
            allow_other_workers=suitable is not None,
        )

    def _next(self, done: queue.SimpleQueue[Any]) -> Any:
        """Wait for the next task that is done, or the next late workers that are open."""
        last_seen = time.monotonic()
        while True:
            try:
                return done.get(timeout=POLL_S)
            except queue.Empty:
                if self._pool.client.status != "running":
                    raise CancelledError from None
                if self._pool.workers():
                    last_seen = time.monotonic()
                elif time.monotonic() - last_seen > self._pool.start_timeout_s:
                    raise BrokenRun(f"the cluster has had no worker for {self._pool.start_timeout_s:g} s") from None

    def _result(self, future: Future, job: Job) -> Any:
        try:
            return future.result()
        except KilledWorker as error:
            raise BrokenRun(
                f"{job.name} killed {counted(error.allowed_failures + 1, 'worker')}, the last of them "
                f"{error.last_worker.address}: memory, or a crash of its process; the worker's own log says more"
            ) from None


@contextmanager
def explain_dask() -> Iterator[None]:
    """Say in a sentence what Dask raises where the scheduler is gone, or a worker failed as nobody expected."""
    try:
        yield
    except F07Error:
        raise
    except (CancelledError, ClosedClientError, OSError, TimeoutError):
        raise BrokenRun(LOST) from None
    except Exception as error:
        raise BrokenRun(f"a worker failed: {type(error).__name__}: {first_line(error)}") from error
