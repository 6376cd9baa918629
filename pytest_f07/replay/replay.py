"""Send every row of every dataset, in order and exactly as read, and take every answer (specification §4.2, §7)."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pyarrow as pa

from pytest_f07.endpoints.f07 import Client, Request
from pytest_f07.errors import BrokenRun
from pytest_f07.variant.dataset import BLOCK, X_COLUMN, Dataset
from pytest_f07.windows import MAX_CODES, BatchResult


@dataclass
class Pace:
    """How long requests took, in seconds, in order.

    :param taken: for each answer the seconds since the replay began, and its windows.
    """

    latencies: list[float] = field(default_factory=list)
    taken: list[tuple[float, int]] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def windows_per_second(self) -> float:
        """Over the whole replay."""
        return round(sum(windows for _, windows in self.taken) / self.seconds, 1) if self.seconds else 0.0


@dataclass(frozen=True)
class Progress:
    """Where the replay is.

    :param dataset: the one being replayed; ``done`` of ``total`` windows of all are answered.
    """

    total: int
    dataset: str = ""
    done: int = 0
    begin: float = field(default_factory=time.perf_counter)

    def after(self, batch: BatchResult) -> Progress:
        """One batch further."""
        return replace(self, dataset=batch.dataset, done=self.done + len(batch.windows))

    @property
    def windows_per_second(self) -> float:
        """The pace since the beginning."""
        return self.done / max(time.perf_counter() - self.begin, 1e-9)

    @property
    def left(self) -> float:
        """Seconds it will still take at this pace."""
        return (self.total - self.done) / self.windows_per_second if self.done else 0.0


def replay(
    client: Client, datasets: list[Dataset], batch_size: int, pace: Pace, died: Callable[[float], bool]
) -> Iterator[BatchResult]:
    """The answers, batch after batch in order, the next batches under way while one is used.

    :param died: whether the server's process ends within so many seconds.

    :raises BrokenRun: with the place in the data, where a request fails, is refused, or misses its deadline.
    """
    under_way: deque[tuple[Dataset, int, pa.Array, Request]] = deque()

    def take() -> BatchResult:
        dataset, first, windows, request = under_way.popleft()
        with _at(dataset, first, client, died):
            predictions = client.receive_batch(request)
        pace.latencies.append(time.perf_counter() - request.sent)
        pace.taken.append((time.perf_counter() - begin, len(windows)))
        return BatchResult(dataset.source_f04, first, windows, predictions)

    begin = time.perf_counter()
    try:
        for dataset in datasets:
            first = 0
            for windows in batches(dataset, batch_size):
                if client.busy:
                    yield take()
                with _at(dataset, first, client, died):
                    under_way.append((dataset, first, windows, client.send_batch(windows)))
                first += len(windows)
        while under_way:
            yield take()
    finally:
        pace.seconds = time.perf_counter() - begin


@contextmanager
def _at(dataset: Dataset, row: int, client: Client, died: Callable[[float], bool]) -> Iterator[None]:
    """Say where in the data a request failed, and why."""
    try:
        yield
    except BrokenRun as error:
        reason = str(error)
    except TimeoutError:
        reason = f"the server did not answer within {client.deadline:.0f} s"
    except OSError:
        reason = "the server died" if died(2) else "the server broke the connection"
    else:
        return
    raise BrokenRun(f"{reason} at {dataset.source_f04} row {row:,}")


def batches(dataset: Dataset, batch_size: int) -> Iterator[pa.Array]:
    """The windows in list arrays of at most ``batch_size`` rows, which cross no row group and meet no limit."""
    for block in dataset.blocks([X_COLUMN], BLOCK // batch_size * batch_size):
        windows = block.column(0)
        slices = (windows.slice(start, batch_size) for start in range(0, len(windows), batch_size))
        if _codes(windows) <= MAX_CODES:
            yield from slices
        else:
            for each in slices:
                yield from _within_limits(each)


def _within_limits(windows: pa.Array) -> Iterator[pa.Array]:
    if _codes(windows) <= MAX_CODES or len(windows) == 1:
        yield windows
    else:
        half = len(windows) // 2
        yield from _within_limits(windows.slice(0, half))
        yield from _within_limits(windows.slice(half))


def _codes(windows: pa.Array) -> int:
    return len(windows.flatten())
