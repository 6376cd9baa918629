"""Write one shard's part of the log, and count it: the unit of work, on this machine or on another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from pytest_f07.log.writer import PredictionLog
from pytest_f07.replay.replay import Completion, Timings, take_shard
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


def write_part(
    answers: Iterator[tuple[BatchResult, Completion]],
    shard: Shard,
    part: Path,
    names: tuple[str, ...],
    has_scores: bool,
    on_batch: Callable[[BatchResult], None] = lambda batch: None,
    counter: ShardCounter | None = None,
) -> ShardResult:
    """Write the next answers, those of a shard, as its part of the log: whole or not at all.

    Two may write the same part at once.

    :param part: where the part is to lie, in a folder that is there.
    :param names: the prediction names, in order.
    :param has_scores: False where the server gives labels alone.
    :param on_batch: called with each batch besides, in the order of the rows.
    :param counter: None where the part is not counted here.
    :raises BrokenRun: where the replay that gives the answers breaks.
    """
    partial = part.with_name(f".{part.name}.{uuid4().hex}")
    completions = []
    with PredictionLog(partial, None, names, has_scores) as log:
        for batch, completion in take_shard(answers, shard):
            log.add(batch)
            on_batch(batch)
            completions.append(completion)
    sha256 = digest(partial)
    counts = counter.count_part(partial, shard) if counter else None
    partial.replace(part)
    return ShardResult(shard, part, sha256, Timings(tuple(completions)), counts)
