"""What counts as a difference between the runtime and the oracle."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pytest_f07.equivalence.comparison import Equivalence
from pytest_f07.equivalence.tolerance import tie_width
from pytest_f07.variant.package import TOLERANCES

NAN = float("nan")


def compare(served: list[float], oracle: list[float], y_pred: list[int] | None = None) -> Equivalence:
    scores = np.array(served, np.float32)
    preds = (scores >= np.float32(0.7)).astype(np.int8) if y_pred is None else np.array(y_pred, np.int8)
    found = Equivalence(0.7, asked=len(oracle), emissions=2 * len(served))
    found.compare("v401", np.arange(len(served)), preds, scores, np.array(oracle, np.float32))
    return found


def test_what_agrees_is_measured() -> None:
    found = compare([0.1, 0.699, 0.9], [0.1, 0.699004, 0.9])
    assert found.fault is None
    row = found.row()
    assert row["equivalence_windows"] == 3
    assert (row["equivalence"], row["equivalence_share"]) == ("50.0 %", 0.5)
    assert row["equivalence_largest_difference"] == pytest.approx(4e-6, abs=1e-7)
    assert row["equivalence_least_distance"] == pytest.approx(0.000996, abs=1e-6)


@pytest.mark.parametrize(
    ("precision", "differs"),
    [("float32", [True, True, True]), ("float16", [False, True, True]), ("bfloat16", [False, False, True])],
)
def test_half_precision_has_its_own_tolerance(precision: str, differs: list[bool]) -> None:
    tolerance = TOLERANCES[precision]
    for served, is_fault in zip((0.701, 0.71, 0.8), differs, strict=True):
        equivalence = Equivalence(0.7, tolerance, tie_width(tolerance))
        scores, oracle = np.array([served], np.float32), np.array([0.7 - 1e-5], np.float32)
        equivalence.compare("v401", np.arange(1), np.ones(1, np.int8), scores, oracle)
        assert bool(equivalence.fault) == is_fault


def test_nothing_compared_has_no_distance() -> None:
    assert compare([], []).row() == {
        "equivalence": "0.0 %",
        "equivalence_windows": 0,
        "equivalence_share": 0.0,
        "equivalence_largest_difference": 0.0,
        "equivalence_least_distance": None,
    }


def test_a_score_beyond_the_tolerance_is_told_with_its_row() -> None:
    fault = compare([0.1, 0.2, 0.3], [0.1, 0.25, 0.3]).fault
    assert fault == (
        "1 of 3 windows differs by up to 0.05, 0 of them in the label; "
        "the first: v401 row 1: y_prob 0.20000000298023224 in the batch, 0.25 by the oracle"
    )


@pytest.mark.parametrize(
    ("served", "oracle", "y_pred", "place"),
    [
        ([0.1, 0.2, 0.3], [0.1, 0.25, 0.35], None, ("v401", 1)),
        ([0.1, 0.700001], [0.1, 0.699995], [0, 1], ("v401", 1)),  # no tie, so the label is wrong
        ([0.1, 0.2], [0.1, 0.2], None, None),
    ],
)
def test_the_place_is_that_of_the_window_shown(
    served: list[float], oracle: list[float], y_pred: list[int] | None, place: tuple[str, int] | None
) -> None:
    equivalence = compare(served, oracle, y_pred)
    assert equivalence.place == place
    assert ("the first: v401 row 1:" in str(equivalence.fault)) == (place is not None)
    merged = compare([0.5], [0.5])
    merged.merge(equivalence)
    assert merged.place == place


@pytest.mark.parametrize(
    ("served", "oracle", "y_pred", "flips"),
    [
        (0.7000005, 0.6999995, 1, False),  # a tie
        (0.700001, 0.699995, 1, True),  # within the tolerance, and no tie
        (0.9, 0.9, 0, True),  # the threshold is not what it should be
        (0.7, 0.7, 1, False),
        (0.7, 0.7, 0, False),
    ],
)
def test_a_label_may_flip_only_in_a_tie(served: float, oracle: float, y_pred: int, flips: bool) -> None:
    found = compare([served], [oracle], [y_pred])
    assert bool(found.fault) == flips
    assert found.flipped == flips


def test_a_number_where_the_contract_knows_none_is_a_difference() -> None:
    fault = compare([0.5, 0.6], [0.5, NAN]).fault
    assert fault is not None
    assert fault.endswith("the first: v401 row 1: y_prob 0.6000000238418579 in the batch, no number by the oracle")
    assert compare([NAN], [0.5]).fault is not None
    assert compare([0.5], [NAN]).row()["equivalence_least_distance"] is None
    assert compare([NAN, 0.5], [NAN, 0.5]).fault is None


def test_right_scores_at_wrong_rows_are_told_as_such() -> None:
    fault = compare([0.3, 0.1, 0.2, 0.9], [0.1, 0.2, 0.3, 0.9]).fault
    assert fault is not None
    assert "; the scores are right and stand at wrong rows; " in fault
    assert "wrong rows" not in str(compare([0.3, 0.1], [0.1, 0.2]).fault)


@pytest.mark.parametrize(
    ("noise", "flips"),
    [([], 1), ([(0.2, 0.200003)], 1), ([(0.2, 0.200005)], 0), ([(0.2, 0.2001)], 1)],
    ids=["none", "less", "more", "no noise but a fault"],
)
def test_a_tie_is_as_wide_as_kernels_differ_on_this_runs_windows(noise: list[tuple[float, float]], flips: int) -> None:
    pairs = [(0.700002, 0.699996), *noise]  # 4e-6 below the threshold, and the server says 1
    found = compare([served for served, _ in pairs], [oracle for _, oracle in pairs])
    assert found.flipped == flips
    assert found.tie == pytest.approx(5e-6 if flips == 0 else 3e-6 if noise == [(0.2, 0.200003)] else 2e-6, abs=1e-7)


@pytest.mark.parametrize(("windows", "said"), [(9_999, "99.9 %"), (10_000, "100 %"), (320, "3.2 %")])
def test_the_share_is_never_rounded_up(windows: int, said: str) -> None:
    assert Equivalence(0.5, windows=windows, emissions=10_000).proven == said
    assert Equivalence(0.5, with_oracle=False, emissions=10_000).proven == "not proven"
    assert math.isinf(Equivalence(0.5).smallest_distance)
