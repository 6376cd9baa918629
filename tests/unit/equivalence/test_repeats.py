"""Equal windows have equal scores: what differs, and where."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_f07.equivalence.repeats import Repeats
from pytest_f07.equivalence.tolerance import TIE

NAN = float("nan")
TOLERANCES = {"a": TIE, "b": TIE}


def add(repeats: Repeats, dataset: str, first_row: int, places: list[int], scores: list[float]) -> None:
    y_prob = np.array([[score, 0.5] for score in scores], np.float32)
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
        assert (repeats.faults["a"].windows, repeats.faults["a"].differing) == (1, differs)
        assert repeats.faults["b"].fault is None


def test_the_first_that_differs_is_shown_beside_where_it_came_first() -> None:
    repeats = Repeats(1, TOLERANCES)
    add(repeats, "v401", 1000, [0, 0], [0.25, 0.25])
    add(repeats, "v402", 0, [0, 0], [0.5, 0.75])
    assert repeats.faults["a"].fault == (
        "2 of 3 repeated windows have another score than the equal window before; "
        "the first: v402 row 0: y_prob 0.5, and 0.25 at v401 row 1,000"
    )
