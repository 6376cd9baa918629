"""Test that equal windows must have equal scores: what differs, and where."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_f07.equivalence.repeats import Repeats
from pytest_f07.equivalence.tolerance import TIE

NAN = float("nan")
TOLERANCES = {"a": TIE, "b": TIE}


def add(repeats: Repeats, dataset: str, first_row: int, places: list[int], scores: list[float]) -> None:
    y_prob = np.array([[score, 0.5] for score in scores], np.float32).reshape(-1, 2)
    repeats.add(dataset, np.arange(first_row, first_row + len(places)), np.array(places, np.int64), y_prob)


@pytest.mark.parametrize(
    ("first", "again", "differs"),
    [
        (0.25, 0.25, False),
        (0.25, 0.2500015, False),  # another kernel
        (0.25, 0.25001, True),
        (NAN, NAN, False),
        (NAN, 0.25, True),
        (0.25, NAN, True),
    ],
)
def test_a_repeated_window_has_the_score_that_it_had(first: float, again: float, differs: bool) -> None:
    within, across = Repeats(3, TOLERANCES), Repeats(3, TOLERANCES)
    add(within, "v401", 0, [2, 0, 2], [first, 0.75, again])
    add(across, "v401", 0, [2, 0], [first, 0.75])
    add(across, "v402", 40, [2], [again])
    for repeats in (within, across):
        faults = repeats.faults()
        assert (faults["a"].windows, faults["a"].differing) == (1, differs)
        assert faults["b"].fault is None


@pytest.mark.parametrize(
    ("scores", "text"), [([0.25, 0.5, 0.75], "0.25 and 0.75"), ([0.5, NAN, 0.5], "0.5 and no number")]
)
def test_the_first_that_differs_is_shown_with_its_scores(scores: list[float], text: str) -> None:
    repeats = Repeats(2, TOLERANCES)
    add(repeats, "v401", 999, [1, 0, 0], [0.25, *scores[:2]])
    add(repeats, "v402", 0, [0, 1], [scores[2], 0.75])
    assert repeats.faults()["a"].fault == (
        "2 of 2 repeated windows have unequal scores; the first: the window of v401 row 999 comes 2 times, "
        "with y_prob 0.25 and 0.75"
    )
    alone = Repeats(1, TOLERANCES)
    add(alone, "v401", 1000, [0, 0], scores[:2])
    add(alone, "v402", 0, [0], scores[2:])
    assert alone.faults()["a"].fault == (
        f"1 of 1 repeated window has unequal scores; the first: the window of v401 row 1,000 comes 3 times, "
        f"with y_prob {text}"
    )


ROWS = st.lists(st.tuples(st.integers(0, 3), st.sampled_from([0.25, 0.2500015, 0.5, NAN])), max_size=12)


@settings(derandomize=True, deadline=None, max_examples=100)
@given(ROWS, st.integers(0, 12), st.integers(0, 12))
def test_any_cut_of_the_log_gives_the_same(rows: list[tuple[int, float]], cut: int, dataset: int) -> None:
    datasets = ["v401" if row < dataset else "v402" for row in range(len(rows))]
    whole, parts = Repeats(4, TOLERANCES), [Repeats(4, TOLERANCES) for _ in range(2)]
    for row, (place, score) in enumerate(rows):
        add(whole, datasets[row], row, [place], [score])
        add(parts[row >= cut], datasets[row], row, [place], [score])
    parts[0].merge(parts[1])
    assert parts[0].faults() == whole.faults()
