"""Workers that come late are opened beside the driver, those of a host together, and left where the run ends."""

from __future__ import annotations

import queue
import threading
from concurrent.futures import CancelledError

import pytest

pytest.importorskip("distributed", reason="Dask is an extra")

from pytest_f07.cluster.answers import Refused
from pytest_f07.cluster.late import LateWorkers

PATIENCE_S = 60


class Pool:
    """A pool that opens workers where it is let to, and notes which at a time; it refuses them all."""

    def __init__(self) -> None:
        self.stop, self.can_open = threading.Event(), threading.Event()
        self.opened: list[list[str]] = []
        self.taken: list[str] = []

    def open_workers(self, addresses: list[str]) -> list[Refused]:
        self.opened.append(addresses)
        while not self.can_open.wait(0.01):
            if self.stop.is_set():
                raise CancelledError
        return [Refused(address, "") for address in addresses]

    def take(self, answers: list[Refused]) -> None:
        self.taken += [answer.address for answer in answers]


def test_those_that_come_meanwhile_are_opened_together() -> None:
    pool, done = Pool(), queue.SimpleQueue[object]()
    with LateWorkers(pool, done.put) as late:  # type: ignore[arg-type]
        for address in ("a", "a", "c", "b", "a"):
            late.add(address)
        assert late.addresses == {"a", "b", "c"}
        pool.can_open.set()
        done.get(timeout=PATIENCE_S)
        late.take()
        assert (pool.taken, late.addresses) == (["a"], {"b", "c"})
        done.get(timeout=PATIENCE_S)
        late.take()
        assert (pool.opened, late.addresses) == ([["a"], ["b", "c"]], set())


def test_one_that_is_not_open_at_the_end_is_left() -> None:
    pool = Pool()
    with LateWorkers(pool, lambda ended: None) as late:  # type: ignore[arg-type]
        late.add("a")
    assert (pool.opened, pool.taken) == ([["a"]], [])
