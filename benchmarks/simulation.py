"""Simulate a large run from measured shards: ``python -m benchmarks.simulation`` prints the table of docs/scale.md.

Workers take shards in turn, replay and count them; at most two each are under way or wait for the driver. The driver
takes one part at a time over its network, and joins it to the log.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

WINDOWS, MODELS = 1_000_000_000, 50
WORKERS = (2, 8, 32, 128, 512)


@dataclass(frozen=True)
class Measured:
    """Measured on two cores with TensorFlow 2.21 (docs/scale.md).

    :param shard_seconds: a shard's replay on one worker, its part written; ``count_seconds`` to count it there;
        ``task_seconds`` what a task costs besides.
    :param part_bytes: of a shard's part.
    :param join_seconds: of the driver, to read a part and write its rows as CSV and parquet; ``keep_seconds`` to keep
        it as it is and look at it once (log: parts); ``prove_seconds`` to hold its rows against the oracle's answers
        once all are there.
    :param network_bytes_per_s: into the driver.
    """

    shard_seconds: float = 3.5
    count_seconds: float = 2.4
    task_seconds: float = 0.04
    shard_predictions: int = 4_000_000
    part_bytes: float = 43e6
    join_seconds: float = 1.4
    keep_seconds: float = 0.3
    prove_seconds: float = 1.6
    network_bytes_per_s: float = 125e6


@dataclass(frozen=True)
class Simulated:
    """A simulated run.

    :param seconds: until the last part is joined; ``driver`` and ``workers`` the share of it in which they are busy.
    :param waiting: the largest number of parts that waited for the driver.
    """

    seconds: float
    driver: float
    workers: float
    waiting: int


def simulate(shards: int, workers: int, measured: Measured, join: bool) -> Simulated:
    """Return how a run of so many equal shards goes.

    :param join: whether the driver joins parts to one log, or keeps them as they are.
    """
    each = measured.shard_seconds + measured.count_seconds + measured.task_seconds
    take = measured.part_bytes / measured.network_bytes_per_s
    take += measured.join_seconds if join else measured.keep_seconds
    free = [0.0] * workers  # when each worker has done what it was given
    finished: list[float] = []  # the parts that the driver has not taken yet, by when they are there
    driver, busy, most, submitted, taken = 0.0, 0.0, 0, 0, 0
    while taken < shards:
        while submitted < shards and submitted - taken < 2 * workers:
            done = max(heapq.heappop(free), driver if submitted >= 2 * workers else 0.0) + each
            heapq.heappush(free, done)
            heapq.heappush(finished, done)
            submitted += 1
        driver = max(driver, heapq.heappop(finished)) + take
        most = max(most, sum(done <= driver for done in finished))
        taken, busy = taken + 1, busy + take
    return Simulated(driver, busy / driver, shards * each / (workers * driver), most)


def main() -> None:
    """Print the table."""
    measured = Measured()
    shards = WINDOWS * MODELS // measured.shard_predictions
    print(f"{WINDOWS:,} windows × {MODELS} models: {shards:,} shards")
    print(f"Afterwards the driver proves for {shards * measured.prove_seconds / 3600:.1f} hours.")
    print("| workers | log | hours until all is counted | the driver is busy | the workers are |")
    print("|---|---|---|---|---|")
    for join in (True, False):
        for workers in WORKERS:
            run = simulate(shards, workers, measured, join)
            log = "one" if join else "parts"
            print(f"| {workers} | {log} | {run.seconds / 3600:.1f} | {run.driver:.0%} | {run.workers:.0%} |")


if __name__ == "__main__":
    main()
