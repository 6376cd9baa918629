"""Test the pass over the log: any cut into shards gives the same counts."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_f07.results.counting import CountedShards, LogCounts
from tests.unit.small_run import runs, write_run

quick = settings(derandomize=True, deadline=None, max_examples=60)


def as_text(counts: LogCounts) -> str:
    """Return all counts as text, those in arrays too."""
    scores = [
        (audit.scores.by_label.tolist(), audit.scores.most_wrong, audit.scores.nearest)
        for audit in counts.audits.values()
    ]
    blocks = {name: own.counts.tolist() for name, own in sorted(counts.blocks.items())}
    neighbours = {name: own.neighbours for name, own in sorted(counts.blocks.items())}
    return f"{counts.metrics} {counts.audits} {counts.fault} {scores} {blocks} {neighbours}"


@quick
@given(runs(), st.integers(1, 30), st.permutations(range(9)), st.integers(0, 9))
def test_any_cut_gives_the_same_counts_in_whatever_order_shards_are_counted(
    drawn: dict[str, Any], predictions: int, order: list[int], counted_before: int
) -> None:
    with write_run(drawn) as run:
        assert as_text(run.count(predictions, 2, order[:counted_before])) == as_text(run.count(10**9, 2))


def test_of_consecutive_shards_the_sum_alone_is_kept() -> None:
    shards = CountedShards()
    for number in (4, 1, 2, 0, 7):
        shards.add(number, LogCounts({}, {}, f"fault {number}"))
    assert shards.missing(9) == [range(3, 4), range(5, 7), range(8, 9)]
    for number in (3, 8, 6, 5):
        shards.add(number, LogCounts({}, {}))
    assert shards.missing(9) == []
    assert shards.total([]).fault == "fault 0"


def test_a_run_without_counts_misses_all_of_its_shards() -> None:
    assert CountedShards().missing(3) == [range(3)]
    assert CountedShards().missing(0) == []


def test_the_first_fault_is_kept() -> None:
    first, later = LogCounts({}, {}), LogCounts({}, {}, "row 9")
    first.merge(later)
    first.merge(LogCounts({}, {}, "row 12"))
    assert first.fault == "row 9"
