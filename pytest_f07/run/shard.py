"""Replay one shard into a part of the log, and count it: the unit of work, on this machine or on another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from pytest_f07.endpoints.endpoint import Endpoint
from pytest_f07.log.writer import PredictionLog
from pytest_f07.replay.replay import Timings, replay_shard
from pytest_f07.replay.shards import Shard
from pytest_f07.results.counting import LogCounts, ShardCounter
from pytest_f07.variant.seal import digest
from pytest_f07.windows import BatchResult


@dataclass(frozen=True)
class ShardResult:
    """A shard that was replayed; it can be pickled.

    :param part: the parquet file that holds the shard's rows of the log.
    :param sha256: of that file.
    :param counts: of these rows; None where they are counted with the whole log.
    """

    shard: Shard
    part: Path
    sha256: str
    timings: Timings
    counts: LogCounts | None = None


def run_shard(
    client: Endpoint[Any],
    shard: Shard,
    batch_size: int,
    part: Path,
    wait_for_exit: Callable[[float], str | None],
    on_batch: Callable[[BatchResult], None] = lambda batch: None,
    counter: ShardCounter | None = None,
) -> ShardResult:
    """Replay a shard, and write its part of the log: whole or not at all, also where two do it at once.

    :param part: where the part is to lie, in a folder that is there.
    :param wait_for_exit: given seconds, returns why the server's process ended; None where it does not within them.
    :param on_batch: called with each batch besides, in the order of the rows.
    :param counter: None where the part is not counted here.
    :raises BrokenRun: with the place in the data, where a request fails, is refused, or misses its deadline.
    """
    partial = part.with_name(f".{part.name}.{uuid4().hex}")

    def take(batch: BatchResult) -> None:
        log.add(batch)
        on_batch(batch)

    with PredictionLog(partial, None, client.names, client.provides.scores) as log:
        timings = replay_shard(client, shard, batch_size, take, wait_for_exit)
    sha256 = digest(partial)
    counts = counter.count_part(partial, shard) if counter else None
    partial.replace(part)
    return ShardResult(shard, part, sha256, timings, counts)
