"""Open workers that came late while the driver goes on with the others."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from pytest_f07.cluster.pool import WorkerPool


class LateWorkers:
    """The workers of a pool that miss the run's files; a context, at whose end those that are not open yet are left.

    ``addresses`` has those that are to be given no task yet.

    :param notify: called with each opening that has ended, from a thread.
    """

    def __init__(self, pool: WorkerPool, notify: Callable[[Future[Any]], None]) -> None:
        self.addresses: set[str] = set()
        self._pool, self._notify = pool, notify
        self._executor = ThreadPoolExecutor(1)
        self._opening: Future[list[Any]] | None = None
        self._opened: list[str] = []

    def __enter__(self) -> LateWorkers:
        self._pool.stop.clear()
        return self

    def __exit__(self, *error: object) -> None:
        self._pool.stop.set()
        self._executor.shutdown()

    def add(self, address: str) -> None:
        """Have a worker opened; those that come while others are being opened are opened together after them."""
        self.addresses.add(address)
        self._begin()

    def _begin(self) -> None:
        if self._opening is None and self.addresses:
            self._opened = sorted(self.addresses)
            self._opening = self._executor.submit(self._pool.open_workers, self._opened)
            self._opening.add_done_callback(self._notify)

    def take(self) -> None:
        """Let the pool use or refuse the workers of the opening that has ended."""
        assert self._opening is not None, "one has ended"
        answers, self._opening = self._opening.result(), None
        self._pool.take(answers)
        self.addresses.difference_update(self._opened)
        self._begin()
