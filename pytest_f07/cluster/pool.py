"""Open the workers of a cluster: choose those that suit, send files to those without them, and name the others."""

from __future__ import annotations

import logging
import pkgutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

from distributed import Client

from pytest_f07.cluster.answers import Done, Kind, Missing, Refused
from pytest_f07.cluster.assignment import Assignment
from pytest_f07.cluster.connect import reach
from pytest_f07.cluster.files import chunks
from pytest_f07.cluster.tasks import close_worker, open_worker, receive_file
from pytest_f07.cluster.worker import F07Worker, plugin_name
from pytest_f07.errors import BrokenRun, first_line
from pytest_f07.variant.processor import describe_processor

log = logging.getLogger(__name__)

POLL_S = 0.05
CLOSE_TIMEOUT_S = 30.0
REACH_TIMEOUT_S = 2
NEEDED = "pytest_f07.cluster.tasks:open_worker.__name__"
LOST = "the scheduler went away, and with it the workers. What is finished is kept: --f07-resume goes on from there"


class WorkerPool:
    """The workers of one run.

    ``kinds`` has the kind of each worker that has answered, by its address; ``refused`` why each other is not used.
    Where ``stop`` is set, an opening that is under way in another thread ends soon.

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
        self.client, self.nonce, self.start_timeout_s = client, assignment.nonce, start_timeout_s
        self._assignment, self._files, self._mixed_cpus = assignment, files, mixed_cpus
        self._identities: dict[str, dict[str, Any]] = {}
        self._registered = False
        self._sent: set[str] = set()
        self.stop = threading.Event()
        self.expected: tuple[Kind, bool] | None = None
        self.kinds: dict[str, Kind] = {}
        self.refused: dict[str, str] = {}

    def open(self) -> dict[str, Any]:
        """Open every worker that is there, refuse those that do not suit, and return what a server tells of itself.

        :raises BrokenRun: where no worker can be used.
        """
        self._wait_for_worker()
        self._refuse_strangers()
        # What the driver does not reach itself comes through the scheduler, at once and not after a time limit.
        self.client.direct_to_workers = all(map(_is_reachable, self.workers()))
        lease = f"{plugin_name(self.nonce)}-lease"
        self._lease = self.client.submit(int, key=lease, pure=False)
        self._registered = True
        try:
            self.client.register_plugin(F07Worker(self._assignment, lease))
        except (CancelledError, OSError):
            raise
        except Exception as error:
            # What any worker raised, as Dask passes it on. The others are set up, and each is asked now.
            log.info("a worker could not be set up: %r", error)
        self.take(self.open_workers(self.workers()))
        if not self.kinds:
            raise BrokenRun(f"no worker can be used: {self.reasons()}")
        expected = self._choose_kind()
        self.expected = expected, self._mixed_cpus
        for address, kind in list(self.kinds.items()):
            if difference := kind.difference(expected, self._mixed_cpus):
                self.refuse(Refused(address, difference))
        return self._identities[min(address for address, kind in self.kinds.items() if kind == expected)]

    def _refuse_strangers(self) -> None:
        """Refuse the workers that have no pytest-f07: Dask ends a worker whose task it cannot read.

        :raises BrokenRun: where the scheduler, which reads tasks too, has none.
        """
        try:
            self.client.run_on_scheduler(pkgutil.resolve_name, NEEDED)
        except ImportError as error:
            raise BrokenRun(f"the scheduler cannot be used: {_stranger(error)}") from None
        answers = self.client.run(pkgutil.resolve_name, NEEDED, workers=self.workers(), on_error="return")
        for address, answer in answers.items():
            if isinstance(answer, ImportError):
                self.refused[address] = _stranger(answer)

    def _wait_for_worker(self) -> None:
        end = time.monotonic() + self.start_timeout_s
        while not self.workers():
            if time.monotonic() > end:
                raise BrokenRun(f"the scheduler had no worker for {self.start_timeout_s:g} s")
            time.sleep(POLL_S)

    def workers(self) -> list[str]:
        """Return the addresses of the workers that are there now and not refused.

        :raises BrokenRun: where the scheduler has gone away.
        """
        if self.client.status != "running":  # it tries to connect again, for half a minute
            raise BrokenRun(LOST)
        # Not scheduler_info(): its answer is one that all calls share, and the client's own every two seconds, which
        # asks for no worker, may take its place.
        try:
            there = self.client.sync(self.client.scheduler.identity, n_workers=-1)["workers"]
        except OSError:
            raise BrokenRun(LOST) from None
        return sorted(address for address in there if address not in self.refused)

    def open_workers(self, addresses: Iterable[str]) -> list[Done[dict[str, Any]] | Refused]:
        """Ask workers whether they are ready, send files to the hosts that miss them, and return what each answers.

        :raises CancelledError: where it is stopped.
        """
        answers = self._ask_each(open_worker, addresses)
        while missing := [answer for answer in answers if isinstance(answer, Missing)]:
            refused = {answer.address: answer for answer in self._send_files(missing)}
            again = [answer.address for answer in missing if answer.address not in refused]
            answers = [answer for answer in answers if answer not in missing] + list(refused.values())
            answers += self._ask_each(open_worker, again)
        return answers

    def take(self, answers: Iterable[Done[dict[str, Any]] | Refused]) -> None:
        """Use the workers that are ready, and refuse the others."""
        for answer in answers:
            if isinstance(answer, Refused):
                self.refuse(answer)
            elif self.expected and (difference := answer.kind.difference(*self.expected)):
                self.refuse(Refused(answer.address, difference))
            else:
                self._identities[answer.address], self.kinds[answer.address] = answer.value, answer.kind

    def _ask_each(self, function: Callable[..., Any], addresses: Iterable[str], *arguments: Any) -> list[Any]:
        """Return what each worker answers; one that is gone meanwhile answers nothing."""
        futures = {
            self.client.submit(function, self.nonce, *arguments, workers=[address], pure=False): address
            for address in addresses
        }
        answers = []
        try:
            for future, address in futures.items():
                while not future.done() and address in self.workers():
                    if self.stop.wait(POLL_S):
                        raise CancelledError
                if future.done():
                    answers.append(future.result())
        finally:
            if waiting := [future for future in futures if not future.done()]:
                self.client.cancel(waiting)
        return answers

    def _send_files(self, missing: Sequence[Missing]) -> list[Refused]:
        """Send each file once to each host that misses it; workers hand its parts on to each other.

        :returns: the workers that cannot take them.
        """
        lost = "the files that it was sent are not there as they were sent"
        refused = [Refused(answer.address, lost) for answer in missing if answer.address in self._sent]
        addresses = list(
            {answer.place: answer.address for answer in missing if answer.address not in self._sent}.values()
        )
        self._sent.update(addresses)
        for name, path in self._files.items():
            for offset, content in chunks(path):
                [part] = self.client.scatter([content], hash=False, direct=False)
                answers = self._ask_each(receive_file, addresses, name, offset, part)
                refused += [answer for answer in answers if isinstance(answer, Refused)]
        return refused

    def _choose_kind(self) -> Kind:
        """Return the kind that answers: the driver's own where a worker has it, else that of the most workers."""
        kinds = Counter(self.kinds.values())
        own = tuple(sorted(describe_processor().items()))
        return max(kinds, key=lambda kind: (kind.processor == own, kinds[kind], repr(kind)))

    def refuse(self, answer: Refused) -> None:
        """Use a worker no more, and have its server ended."""
        if answer.address not in self.refused:
            self.refused[answer.address] = answer.reason
            self.kinds.pop(answer.address, None)
            self.client.submit(close_worker, self.nonce, workers=[answer.address], pure=False)

    def reasons(self) -> str:
        """Return why each worker that is not used is not."""
        return "; ".join(f"worker {address}: {reason}" for address, reason in sorted(self.refused.items()))

    def close(self) -> None:
        """End the servers on all workers; where the scheduler is gone they end with their workers.

        Dask waits for each worker without a limit. One that stands still ends its server by itself, without the lease.
        """
        if self._registered and self.client.status == "running":
            name = plugin_name(self.nonce)
            waiting = threading.Thread(target=self._unregister, args=(name,), daemon=True)
            waiting.start()
            waiting.join(CLOSE_TIMEOUT_S)

    def _unregister(self, name: str) -> None:
        try:
            self.client.unregister_worker_plugin(name)
        except Exception as error:  # what any worker raised, or the client, which is closed meanwhile
            log.info("a worker could not be asked to end its server: %r", error)


def _stranger(error: ImportError) -> str:
    return f"pytest-f07 cannot be imported there ({first_line(error)}); install what the driver has, pytest-f07[dask]"


def _is_reachable(address: str) -> bool:
    """Return whether a connection to a worker's address, like ``tls://host:1234``, can be opened from here."""
    if address.startswith("inproc://"):
        return True  # within this process
    try:
        reach(address, REACH_TIMEOUT_S)
    except OSError:
        return False
    return True
