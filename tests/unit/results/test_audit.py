"""Test the audit of the log: its counts, and the first place where a row is not the expected one."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings

from pytest_f07.log.schema import SCHEMA
from pytest_f07.results.counting import LogCounts
from tests.unit.small_run import THRESHOLD, runs, write_run

quick = settings(derandomize=True, deadline=None, max_examples=100)
Rows = list[dict[str, Any]]
Change = Callable[[Rows], Rows | None]
TWO_DATASETS = {
    "rows": {"v402": [([1], 1), ([], 0), ([1, -3], None)], "v401": [([2], 1)]},
    "kinds": [(pa.list_(pa.int32()), pa.int8(), 2), (pa.large_list(pa.int64()), pa.int8(), 1)],
    "owners": {"a": "v402", "a__b": "v401"},
    "limit": None,
    "seed": 1,
}


@quick
@given(runs())
def test_counts_are_those_of_plain_loops_and_a_true_log_has_no_fault(drawn: dict[str, Any]) -> None:
    with write_run(drawn) as run:
        counts = run.count()
        assert counts.fault is None
        for index, (name, own) in enumerate(run.owners.items()):
            scores = [(source, answers[index][1]) for source, _, _, answers in run.emissions()]
            numbers = [score for _, score in scores if not math.isnan(score)]
            audit = counts.audits[name]
            assert audit.emissions == len(scores)
            assert audit.non_finite == len(scores) - len(numbers)
            assert audit.own.windows == sum(source == own for source, _ in scores)
            assert audit.own.non_finite == sum(source == own and math.isnan(score) for source, score in scores)
            assert audit.wrong_pred == 0
            assert (audit.smallest, audit.largest) == (min(numbers, default=math.inf), max(numbers, default=-math.inf))
            assert audit.constant == (len(scores) > 1 and len(numbers) == len(scores) and len(set(numbers)) == 1)


def audit_changed_log(change: Change) -> LogCounts:
    """Return the counts of a log whose rows, as dictionaries, were changed.

    :param change: changes the list of rows in place, or returns another one.
    """
    with write_run(TWO_DATASETS) as run:
        rows = pq.read_table(run.parquet).to_pylist()
        changed = change(rows) or rows
        pq.write_table(pa.Table.from_pylist(changed, SCHEMA), run.parquet, row_group_size=3, store_schema=False)
        return run.count()


FAULTS: dict[str, tuple[Change, str]] = {
    "one row less": (lambda rows: rows[:-1], "the log has 7 rows; 8 predictions were asked for"),
    "one row more": (lambda rows: [*rows, rows[-1]], "the log has 9 rows; 8 predictions were asked for"),
    "nothing": (lambda rows: rows.clear(), "the log has 0 rows; 8 predictions were asked for"),
    "window": (
        lambda rows: rows[4].update(window="[1,-4]"),
        "the log's window at v402 row 2 is '[1,-4]'; it must be '[1,-3]'",
    ),
    "window not compact": (
        lambda rows: rows[5].update(window="[1, -3]"),
        "the log's window at v402 row 2 is '[1, -3]'; it must be '[1,-3]'",
    ),
    "row": (lambda rows: rows[2].update(row=7), "the log's row at v402 row 1 is 7; it must be 1"),
    "model": (
        lambda rows: rows[1].update(prediction_name="a"),
        "the log's prediction_name at v402 row 0 is 'a'; it must be 'a__b'",
    ),
    "dataset": (
        lambda rows: rows[6].update(dataset="v402"),
        "the log's dataset at v401 row 0 is 'v402'; it must be 'v401'",
    ),
    "answered twice": (
        lambda rows: [*rows[:2], *rows[:2], *rows[4:]],
        "the log's row at v402 row 1 is 0; it must be 1",
    ),
    "two rows changed places": (
        lambda rows: [rows[1], rows[0], *rows[2:]],
        "the log's prediction_name at v402 row 0 is 'a__b'; it must be 'a'",
    ),
}


@pytest.mark.parametrize(("change", "fault"), FAULTS.values(), ids=FAULTS)
def test_the_first_row_that_is_not_what_it_must_be_is_told(change: Change, fault: str) -> None:
    assert audit_changed_log(change).fault == fault


def test_a_prediction_that_is_not_what_score_and_threshold_say_is_counted_and_shown() -> None:
    def flip(rows: Rows) -> None:
        for row in rows:
            if row["prediction_name"] == "a__b":
                row["y_prob"], row["y_pred"] = THRESHOLD, int(row["row"] == 0)

    audit = audit_changed_log(flip).audits["a__b"]
    assert audit.wrong_pred == 2
    assert audit.example == f"v402 row 1: y_pred 0, y_prob {np.float32(THRESHOLD)}"


def test_no_number_is_never_a_one() -> None:
    def claim(rows: Rows) -> None:
        rows[0].update(y_pred=1, y_prob=math.nan)

    audit = audit_changed_log(claim).audits["a"]
    assert audit.wrong_pred == 1
    assert audit.example == "v402 row 0: y_pred 1, y_prob nan"


def test_an_infinite_score_is_no_number() -> None:
    def overflow(rows: Rows) -> None:
        for row in rows:
            row.update(y_pred=1, y_prob=math.inf)

    audit = audit_changed_log(overflow).audits["a"]
    assert (audit.non_finite, audit.own.non_finite) == (4, 3)
    assert not audit.constant
