"""The log held against the datasets: what it counts, and the first place where it is not what it must be."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings

from pytest_f07.log.schema import SCHEMA
from pytest_f07.results.counting import LogCounts
from tests.unit.small_run import THRESHOLD, made, runs

quick = settings(derandomize=True, deadline=None, max_examples=100)
TWO = {
    "rows": {"v402": [([1], 1), ([], 0), ([1, -3], None)], "v401": [([2], 1)]},
    "kinds": [(pa.list_(pa.int32()), pa.int8(), 2), (pa.large_list(pa.int64()), pa.int8(), 1)],
    "owners": {"a": "v402", "a__b": "v401"},
    "limit": None,
    "seed": 1,
}


@quick
@given(runs())
def test_counts_are_those_of_plain_loops_and_a_true_log_has_no_fault(drawn: dict) -> None:
    with made(drawn) as run:
        found = run.count()
        assert found.fault is None
        for index, (name, own) in enumerate(run.owners.items()):
            scores = [(source, answers[index][1]) for source, _, _, answers in run.emissions()]
            numbers = [score for _, score in scores if not math.isnan(score)]
            mine = found.audits[name]
            assert mine.emissions == len(scores)
            assert mine.non_finite == len(scores) - len(numbers)
            assert mine.own.windows == sum(source == own for source, _ in scores)
            assert mine.own.non_finite == sum(source == own and math.isnan(score) for source, score in scores)
            assert mine.wrong_pred == 0
            assert (mine.smallest, mine.largest) == (min(numbers, default=math.inf), max(numbers, default=-math.inf))
            assert mine.constant == (len(scores) > 1 and len(numbers) == len(scores) and len(set(numbers)) == 1)


def audited(change: object) -> LogCounts:
    """The audit of a log whose rows, as dictionaries, were changed."""
    with made(TWO) as run:
        rows = pq.read_table(run.parquet).to_pylist()
        changed = change(rows) or rows
        pq.write_table(pa.Table.from_pylist(changed, SCHEMA), run.parquet, row_group_size=3, store_schema=False)
        return run.count()


FAULTS = {
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
def test_the_first_row_that_is_not_what_it_must_be_is_told(change: object, fault: str) -> None:
    assert audited(change).fault == fault


def test_a_prediction_that_is_not_what_score_and_threshold_say_is_counted_and_shown() -> None:
    def flip(rows: list[dict]) -> None:
        for row in rows:
            if row["prediction_name"] == "a__b":
                row["y_prob"], row["y_pred"] = THRESHOLD, int(row["row"] == 0)

    mine = audited(flip).audits["a__b"]
    assert mine.wrong_pred == 2
    assert mine.example == f"v402 row 1: y_pred 0, y_prob {np.float32(THRESHOLD)}"


def test_no_number_is_never_a_one() -> None:
    def claim(rows: list[dict]) -> None:
        rows[0].update(y_pred=1, y_prob=math.nan)

    mine = audited(claim).audits["a"]
    assert mine.wrong_pred == 1
    assert mine.example == "v402 row 0: y_pred 1, y_prob nan"


def test_an_infinite_score_is_no_number() -> None:
    def overflow(rows: list[dict]) -> None:
        for row in rows:
            row.update(y_pred=1, y_prob=math.inf)

    mine = audited(overflow).audits["a"]
    assert (mine.non_finite, mine.own.non_finite) == (4, 3)
    assert not mine.constant
