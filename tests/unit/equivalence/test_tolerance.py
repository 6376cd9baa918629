"""Test the definition of the same prediction."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pytest_f07.equivalence.tolerance import SCORE_TOLERANCE, TIE, is_same_score, is_tie, score_difference

PAIRS = {
    "the same": (0.25, 0.25, 0.0, True),
    "within the tolerance": (0.25, 0.25 + SCORE_TOLERANCE / 2, SCORE_TOLERANCE / 2, True),
    "beyond it": (0.25, 0.25 + 2 * SCORE_TOLERANCE, 2 * SCORE_TOLERANCE, False),
    "neither is a number": (math.nan, math.inf, 0.0, True),
    "one is not a number": (0.25, math.nan, math.inf, False),
    "one is infinite": (math.inf, 0.25, math.inf, False),
}


@pytest.mark.parametrize(("score", "other", "difference", "same"), PAIRS.values(), ids=PAIRS)
def test_scores_are_compared_as_numbers_first(score: float, other: float, difference: float, same: bool) -> None:
    assert float(score_difference(score, other)) == pytest.approx(difference, rel=1e-6)
    assert bool(is_same_score(np.array([score]), np.array([other]), SCORE_TOLERANCE)[0]) is same


@pytest.mark.parametrize(
    ("score", "tie"), [(0.7, True), (0.7 + TIE / 2, True), (0.7 + 3 * TIE, False), (math.nan, False)]
)
def test_a_label_may_fall_either_way_at_the_threshold_alone(score: float, tie: bool) -> None:
    assert bool(is_tie(np.float32(score), 0.7, SCORE_TOLERANCE)) is tie


def test_in_half_precision_a_label_may_move_as_far_as_a_score() -> None:
    assert bool(is_tie(np.float32(0.701), 0.7, 2e-3))
    assert not bool(is_tie(np.float32(0.703), 0.7, 2e-3))
