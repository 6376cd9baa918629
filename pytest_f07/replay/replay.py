"""Send every row of every dataset, in order and exactly as read, and take every answer (specification §4.2, §7)."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from pytest_f07.endpoints.endpoint import Endpoint, RequestT
from pytest_f07.errors import BrokenRun
from pytest_f07.replay.server import EXIT_TIMEOUT_S
from pytest_f07.replay.shards import Shard, replay_block_rows
from pytest_f07.variant.dataset import X_COLUMN, Dataset
from pytest_f07.windows import MAX_CODES, BatchResult


@dataclass(frozen=True)
class Completion:
    """An answered request.

    :param end: when its answer was taken, by :func:`time.perf_counter`; ``seconds`` since it was sent.
    """

    end: float
    seconds: float
    windows: int


@dataclass(frozen=True)
class Timings:
    """The times of the requests of some shards, in the order of the rows."""

    completions: tuple[Completion, ...] = ()

    def merge(self, later: Timings) -> Timings:
        """Return the timings of both."""
        return Timings(self.completions + later.completions)

    def shift(self, seconds: float) -> Timings:
        """Return the timings by a clock that shows ``seconds`` more."""
        return Timings(tuple(replace(completion, end=completion.end + seconds) for completion in self.completions))

    @property
    def begin(self) -> float:
        """Return when the first request was sent."""
        return min((completion.end - completion.seconds for completion in self.completions), default=0.0)

    @property
    def end(self) -> float:
        """Return when the last answer was taken."""
        return max((completion.end for completion in self.completions), default=0.0)

    @property
    def latencies(self) -> list[float]:
        """Return the seconds from sending each request to taking its answer."""
        return [completion.seconds for completion in self.completions]

    @property
    def windows_per_second(self) -> float:
        """Return the pace from the first request to the last answer; 0.0 where there was none."""
        seconds = self.end - self.begin
        return round(sum(completion.windows for completion in self.completions) / seconds, 1) if seconds else 0.0


@dataclass(frozen=True)
class Progress:
    """The state of the replay.

    :param dataset: the dataset that is being replayed; ``done`` of ``total`` windows of all are answered.
    :param workers: how many there are, and the slowest; empty on one machine.
    :param is_oracle_awaited: whether all is done but what the oracle still computes.
    """

    total: int
    dataset: str = ""
    done: int = 0
    begin: float = field(default_factory=time.perf_counter)
    workers: str = ""
    is_oracle_awaited: bool = False

    def after(self, batch: BatchResult, workers: str = "") -> Progress:
        """Return the progress one batch later."""
        return Progress(self.total, batch.dataset, self.done + len(batch.windows), self.begin, workers)

    @property
    def windows_per_second(self) -> float:
        """Return the pace since the beginning."""
        return self.done / max(time.perf_counter() - self.begin, 1e-9)

    @property
    def eta_seconds(self) -> float:
        """Return the seconds that it will still take at this pace."""
        return (self.total - self.done) / self.windows_per_second if self.done else 0.0


def replay_shards(
    client: Endpoint[RequestT],
    shards: Iterable[Shard],
    batch_size: int,
    wait_for_exit: Callable[[float], str | None],
) -> Iterator[tuple[BatchResult, Completion]]:
    """Replay the rows of shards; yield each batch with its answer, in the order of the rows.

    The next batches are under way while one is used, those of the next shard too.

    :param wait_for_exit: given seconds, returns why the server's process ended; None where it does not within them.
    :raises BrokenRun: with the place in the data, where a request fails, is refused, or misses its deadline.
    """
    pending: deque[tuple[Dataset, int, pa.Array, RequestT]] = deque()

    def receive() -> tuple[BatchResult, Completion]:
        dataset, row, windows, request = pending.popleft()
        with _at(dataset, row, client, wait_for_exit):
            predictions = client.receive_batch(request)
        now = time.perf_counter()
        batch = BatchResult(dataset.source_f04, row, windows, predictions)
        return batch, Completion(now, now - request.sent, len(windows))

    for shard in shards:
        row = shard.first_row
        for windows in batches(shard, batch_size):
            if client.busy:
                yield receive()
            try:
                with _at(shard.dataset, row, client, wait_for_exit):
                    request = client.send_batch(windows)
            except BrokenRun:
                while pending:  # what was sent before was answered, or says better where it broke
                    yield receive()
                raise
            pending.append((shard.dataset, row, windows, request))
            row += len(windows)
    while pending:
        yield receive()


def take_shard(
    answers: Iterator[tuple[BatchResult, Completion]], shard: Shard
) -> Iterator[tuple[BatchResult, Completion]]:
    """Yield the next answers as far as they are of a shard."""
    rows = 0
    for batch, completion in answers:
        yield batch, completion
        rows += len(batch.windows)
        if rows == shard.rows:
            return


@contextmanager
def _at(
    dataset: Dataset, row: int, client: Endpoint[Any], wait_for_exit: Callable[[float], str | None]
) -> Iterator[None]:
    """Say where in the data a request failed, and why."""
    place = f"{dataset.source_f04} row {row:,}"
    try:
        yield
    except BrokenRun as error:
        raise BrokenRun(f"{error} at {place}") from None
    except OSError as error:
        raise explain_break(error, place, client.timeout_s, wait_for_exit) from None


def explain_break(
    error: OSError, place: str, timeout_s: float, wait_for_exit: Callable[[float], str | None]
) -> BrokenRun:
    """Return what broke a request: what happened, at which place, and what ended the server."""
    if isinstance(error, TimeoutError):
        return BrokenRun(f"the server did not answer within {timeout_s:g} s at {place}")
    reason = wait_for_exit(EXIT_TIMEOUT_S)
    if reason is None:
        return BrokenRun(f"the server broke the connection at {place}")
    return BrokenRun(f"the server died at {place} ({reason})")


def batches(shard: Shard, batch_size: int) -> Iterator[pa.Array]:
    """Yield the windows in list arrays of at most ``batch_size`` rows, which cross no row group and meet no limit."""
    for block in shard.dataset.blocks([X_COLUMN], replay_block_rows(batch_size), shard.first_row, shard.rows):
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
