"""The driver keeps few tasks under way, and asks again where a worker could not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("distributed", reason="Dask is an extra")

from pytest_f07.cluster.answers import Done, Kind, Missing, Refused
from pytest_f07.cluster.driver import TASKS_PER_WORKER, Driver, Job
from pytest_f07.errors import BrokenRun
from tests.unit.cluster.in_process import client_of_one_worker

KIND = Kind.of({})
_lock, _calls = threading.Lock(), dict[str, int]()


class Pool:
    """A pool of one worker, which notes what it is told."""

    def __init__(self, client: Any) -> None:
        self.client, self.nonce, self.expected, self.start_timeout_s = client, "nonce", None, 60.0
        self.kinds: dict[str, Kind] = {}
        self.refused: dict[str, str] = {}
        self.sent: list[str] = []
        self.stop, self.can_open = threading.Event(), threading.Event()
        self.can_open.set()

    def workers(self) -> list[str]:
        there = self.client.scheduler_info()["workers"]
        return [address for address in there if address not in self.refused]

    def open_workers(self, addresses: list[str]) -> list[Done[dict[str, Any]]]:
        self.sent += addresses
        while not self.can_open.wait(0.01):
            if self.stop.is_set():
                raise CancelledError
        return [Done(address, KIND, {}) for address in addresses]

    def take(self, answers: list[Done[dict[str, Any]]]) -> None:
        self.kinds.update({answer.address: answer.kind for answer in answers})

    def refuse(self, answer: Refused) -> None:
        self.refused[answer.address] = answer.reason

    def reasons(self) -> str:
        return "; ".join(self.refused.values())


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[Pool]:
    _calls.clear()
    with client_of_one_worker(tmp_path) as client:
        yield Pool(client)


def square(nonce: str, expected: object, number: int) -> Done[int]:
    return Done("here", KIND, number * number)


def without_files_at_first(nonce: str, expected: object, name: str) -> Done[str] | Missing:
    with _lock:
        _calls[name] = _calls.get(name, 0) + 1
        return Missing("here", "place") if _calls[name] == 1 else Done("here", KIND, name)


def square_where_opened(nonce: str, expected: object, number: int) -> Done[int] | Missing:
    """The first task comes to a worker that joins late."""
    with _lock:
        _calls[str(number)] = _calls.get(str(number), 0) + 1
        return Missing("late", "place") if (number, _calls["0"]) == (0, 1) else square(nonce, expected, number)


def refuse(nonce: str, expected: object, address: str) -> Refused:
    return Refused(address, "it has no server")


def fail(nonce: str, expected: object, error: Exception) -> None:
    raise error


def test_each_job_is_answered_once_and_few_are_under_way(pool: Pool) -> None:
    driver, given, most = Driver(pool), 0, 0  # type: ignore[arg-type]

    def jobs() -> Iterator[Job]:
        nonlocal given
        for number in range(20):
            given += 1
            yield Job(f"job {number}", square, (number,))

    answers = {}
    for taken, (job, done) in enumerate(driver.run(jobs())):
        most = max(most, given - taken)
        answers[job.name] = done.value
    assert answers == {f"job {number}": number * number for number in range(20)}
    assert most <= TASKS_PER_WORKER
    assert pool.kinds == {"here": KIND}


def test_a_worker_without_the_files_is_sent_them_and_asked_again(pool: Pool) -> None:
    jobs = [Job(name, without_files_at_first, (name,)) for name in ("a", "b")]
    assert {job.name for job, _ in Driver(pool).run(jobs)} == {"a", "b"}  # type: ignore[arg-type]
    assert set(pool.sent) == {"here"}


@pytest.mark.parametrize("opens", [True, False], ids=["opens in the end", "not before all is done"])
def test_the_others_go_on_while_a_late_worker_is_opened(pool: Pool, opens: bool) -> None:
    pool.can_open.clear()
    answers = []

    def jobs() -> Iterator[Job]:
        for number in range(10_000):
            if number < 20 or (opens and "late" not in pool.kinds):
                yield Job(f"job {number}", square_where_opened, (number,))

    for _, done in Driver(pool).run(jobs()):  # type: ignore[arg-type]
        answers.append(done.value)
        if opens and len(answers) == 10:
            pool.can_open.set()
    assert sorted(answers) == [number * number for number in range(len(answers))]
    assert len(answers) >= 20
    assert pool.sent == ["late"]
    assert ("late" in pool.kinds) == opens


def test_where_no_worker_is_left_the_reasons_are_told(pool: Pool) -> None:
    [address] = pool.workers()
    with pytest.raises(BrokenRun, match=r"^no worker is left: it has no server$"):
        list(Driver(pool).run([Job("a", refuse, (address,))]))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (BrokenRun("the server died at v401 row 3"), "^the server died at v401 row 3$"),
        (KeyError("planted"), "^a worker failed: KeyError: 'planted'$"),
    ],
)
def test_what_a_task_raises_breaks_the_run_in_one_line(pool: Pool, error: Exception, message: str) -> None:
    with pytest.raises(BrokenRun, match=message):
        list(Driver(pool).run([Job("a", fail, (error,))]))  # type: ignore[arg-type]
