"""Counts by block: every labelled row of a model's own dataset once, in its block, as plain loops count."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings

from pytest_f07.results.blocks import ASSUMED_ROWS, MAX_BLOCKS, OwnBlocks, block_rows
from tests.unit.small_run import runs, write_run


@pytest.mark.parametrize(
    ("rows", "dependent", "size"),
    [
        (34305, 60, 60),
        (34305, None, ASSUMED_ROWS),
        (5, 60, 60),
        (10**6, 60, 100),
        (10**6 + 1, 60, 101),
        (10**7, 60, 10**7 // MAX_BLOCKS),
    ],
)
def test_a_block_is_as_long_as_rows_overlap_and_there_are_ten_thousand_at_most(
    rows: int, dependent: int | None, size: int
) -> None:
    assert block_rows(rows, dependent) == size
    assert len(OwnBlocks.empty(size, 0, rows).counts) <= MAX_BLOCKS


@settings(derandomize=True, deadline=None, max_examples=60)
@given(runs())
def test_every_labelled_row_is_counted_in_its_block(drawn: dict[str, Any]) -> None:
    with write_run(drawn) as run:
        counted = run.count(dependent=2).blocks
        for place, (name, source) in enumerate(run.owners.items()):
            rows = run.rows[source][: run.limit]
            expected = [[0, 0, 0, 0] for _ in range(max(1, -(-len(rows) // 2)))]
            for row, ((_, label), answers) in enumerate(zip(rows, run.answers[source], strict=True)):
                if label is not None:
                    expected[row // 2][2 * label + answers[place][0]] += 1
            own = counted[name]
            assert own.counts.tolist() == expected
            windows = [window for window, _ in rows]
            equal = sum(this == following for this, following in pairwise(windows))
            assert (own.neighbours.equal, own.neighbours.pairs) == (equal, max(0, len(rows) - 1))
            total = own.total
            assert [total.tn, total.fp, total.fn, total.tp] == [sum(column) for column in zip(*expected, strict=True)]
