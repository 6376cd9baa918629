"""Send every row of every dataset, in order and exactly as read, and take every answer (specification §4.2, §7)."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc
import urllib3

from pytest_f07 import wire
from pytest_f07.errors import BrokenRun
from pytest_f07.replay.client import CONNECTIONS, Client
from pytest_f07.variant.dataset import BLOCK, X_COLUMN, Dataset
from pytest_f07.wire import Predictions


@dataclass(frozen=True)
class Answered:
    """A batch and what the server said of it.

    :param first: the row in the dataset of the batch's first window.
    :param windows: the list array as read.
    """

    dataset: Dataset
    first: int
    windows: pa.Array
    predictions: Predictions


@dataclass
class Pace:
    """How long requests took, in seconds, in order.

    :param taken: for each answer the seconds since the replay began, and its windows.
    """

    latencies: list[float] = field(default_factory=list)
    taken: list[tuple[float, int]] = field(default_factory=list)
    seconds: float = 0.0


def replay(
    client: Client, datasets: list[Dataset], batch_size: int, pace: Pace, died: Callable[[float], bool]
) -> Iterator[Answered]:
    """The answers, batch after batch in order, the next batches under way while one is used.

    :param died: whether the server's process ends within so many seconds.

    :raises BrokenRun: with the place in the data, where a request fails, is refused, or misses its deadline.
    """
    pool = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="f07-replay")
    under_way: deque[tuple[Dataset, int, pa.Array, Future[tuple[Predictions, float]]]] = deque()

    def send(windows: pa.Array) -> tuple[Predictions, float]:
        start = time.perf_counter()
        predictions = client.infer_batch(windows)
        return predictions, time.perf_counter() - start

    def take() -> Answered:
        dataset, first, windows, future = under_way.popleft()
        try:
            predictions, seconds = future.result(2 * client.deadline)
        except (BrokenRun, urllib3.exceptions.HTTPError, OSError, FutureTimeout) as error:
            reason = _reason(error, client)
            if reason is None:
                reason = "the server died" if died(2) else "the server broke the connection"
            raise BrokenRun(f"{reason} at {dataset.source_f04} row {first:,}") from None
        pace.latencies.append(seconds)
        pace.taken.append((time.perf_counter() - begin, len(windows)))
        return Answered(dataset, first, windows, predictions)

    begin = time.perf_counter()
    try:
        for dataset in datasets:
            first = 0
            for windows in batches(dataset, batch_size):
                under_way.append((dataset, first, windows, pool.submit(send, windows)))
                first += len(windows)
                if len(under_way) > CONNECTIONS:
                    yield take()
        while under_way:
            yield take()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        pace.seconds = time.perf_counter() - begin


def batches(dataset: Dataset, batch_size: int) -> Iterator[pa.Array]:
    """The windows in list arrays of at most ``batch_size`` rows, which cross no row group and meet no limit."""
    for block in dataset.blocks([X_COLUMN], BLOCK // batch_size * batch_size):
        windows = block.column(0)
        for start in range(0, len(windows), batch_size):
            yield from _within_limits(windows.slice(start, batch_size))


def _within_limits(windows: pa.Array) -> Iterator[pa.Array]:
    codes = pc.sum(pc.list_value_length(windows)).as_py() or 0
    if codes <= wire.MAX_CODES or len(windows) == 1:
        yield windows
    else:
        half = len(windows) // 2
        yield from _within_limits(windows.slice(0, half))
        yield from _within_limits(windows.slice(half))


def _reason(error: Exception, client: Client) -> str | None:
    if isinstance(error, BrokenRun):
        return str(error)
    if isinstance(error, FutureTimeout | urllib3.exceptions.TimeoutError):
        return f"the server did not answer within {client.deadline:.0f} s"
    return None
