"""The simulation of a large run agrees with what can be counted by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.simulation import Measured, simulate

SLOW_WORKERS = Measured(7.0, 3.0, 0.0, 4_000_000, 0.0, join_seconds=0.1, keep_seconds=0.1, network_bytes_per_s=1.0)


def test_slow_workers_share_the_shards_and_the_driver_hardly_counts() -> None:
    run = simulate(40, 4, SLOW_WORKERS, join=True)
    assert run.seconds == pytest.approx(10 * 10 + 0.4, abs=1)
    assert run.workers > 0.95


def test_a_driver_that_is_slower_than_its_workers_is_the_limit_whatever_their_number() -> None:
    slow = replace(SLOW_WORKERS, join_seconds=20.0)
    for workers in (8, 64):
        assert simulate(100, workers, slow, join=True).seconds == pytest.approx(100 * 20 + 10, abs=11)
    assert simulate(100, 64, slow, join=True).driver > 0.98


def test_what_waits_for_the_driver_is_bounded_by_the_workers() -> None:
    assert simulate(500, 8, replace(SLOW_WORKERS, join_seconds=20.0), join=True).waiting <= 16
