"""Test the pass over the log: any cut into shards gives the same counts."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_f07.results.counting import LogCounts
from tests.unit.small_run import runs, write_run

quick = settings(derandomize=True, deadline=None, max_examples=60)


def as_text(counts: LogCounts) -> str:
    """Return all counts as text, those in arrays too."""
    scores = [
        (audit.scores.by_label.tolist(), audit.scores.most_wrong, audit.scores.nearest)
        for audit in counts.audits.values()
    ]
    return f"{counts} {scores}"


@quick
@given(runs(), st.integers(1, 30))
def test_any_cut_gives_the_same_counts(drawn: dict[str, Any], predictions: int) -> None:
    with write_run(drawn) as run:
        assert as_text(run.count(predictions)) == as_text(run.count(10**9))


def test_the_first_fault_is_kept() -> None:
    first, later = LogCounts({}, {}), LogCounts({}, {}, "row 9")
    first.merge(later)
    first.merge(LogCounts({}, {}, "row 12"))
    assert first.fault == "row 9"
