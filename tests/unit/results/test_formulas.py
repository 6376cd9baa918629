"""Test the formulas against published values and exact fractions."""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from pytest_f07.results.formulas import (
    Z_95,
    Counts,
    base_rate,
    f1,
    mcc,
    precision,
    precision_interval,
    recall,
    recall_interval,
    wilson_interval,
)

quick = settings(derandomize=True, deadline=None, max_examples=200)
COUNTS = st.integers(0, 2**40)
CONFUSIONS = st.builds(Counts, COUNTS, COUNTS, COUNTS, COUNTS)


def test_precision_recall_and_f1_are_what_their_names_say() -> None:
    counts = Counts(tp=6, tn=100, fp=2, fn=4)
    assert (precision(counts), recall(counts)) == (6 / 8, 6 / 10)
    assert f1(counts) == pytest.approx(12 / 18)
    assert base_rate(counts) == 10 / 112
    assert [formula(Counts(tn=9)) for formula in (precision, recall, f1, base_rate)] == [0, 0, 0, 0]
    assert precision_interval(counts) == wilson_interval(6, 8)
    assert recall_interval(counts) == wilson_interval(6, 10)


def test_nothing_is_counted_at_first() -> None:
    assert set(dataclasses.astuple(Counts())) == {0}


# scikit-learn's example of matthews_corrcoef, Wikipedia's of the phi coefficient, and tables worked by hand
CORRELATIONS = {
    "scikit-learn": (Counts(tp=2, fn=1, fp=1, tn=0), -1 / 3),
    "wikipedia": (Counts(tp=6, fn=2, fp=1, tn=3), 16 / math.sqrt(1120)),
    "none right": (Counts(tn=1, fp=2, fn=3), -6 / math.sqrt(72)),
    "perfect": (Counts(tp=7, tn=3), 1.0),
    "all wrong": (Counts(fp=7, fn=3), -1.0),
    "chance": (Counts(tp=2, fp=4, fn=3, tn=6), 0.0),
    "large": (Counts(tp=2**62 - 1, tn=2**61 + 1), 1.0),
}


@pytest.mark.parametrize(("counts", "expected"), CORRELATIONS.values(), ids=CORRELATIONS)
def test_matthews_correlation(counts: Counts, expected: float) -> None:
    assert mcc(counts) == pytest.approx(expected, rel=1e-15)
    assert abs(mcc(counts)) <= 1.0


@quick
@given(CONFUSIONS)
def test_matthews_correlation_is_within_its_range_and_exact(counts: Counts) -> None:
    tp, tn, fp, fn = counts.tp, counts.tn, counts.fp, counts.fn
    product = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    expected = Fraction((tp * tn - fp * fn) ** 2, product) if product else Fraction(0)
    assert abs(mcc(counts)) == math.sqrt(expected)
    assert math.copysign(1, mcc(counts)) == (-1 if tp * tn < fp * fn else 1)


# R. G. Newcombe, Statistics in Medicine 17 (1998) 857-872, table I, method 3
INTERVALS = {(81, 263): (0.2553, 0.3662), (15, 148): (0.0624, 0.1605), (0, 20): (0, 0.1611), (1, 29): (0.0061, 0.1718)}


@pytest.mark.parametrize(("proportion", "interval"), INTERVALS.items())
def test_wilson_intervals_are_the_published_ones(proportion: tuple[int, int], interval: tuple[float, float]) -> None:
    assert wilson_interval(*proportion) == pytest.approx(interval, abs=5e-5)


@quick
@given(COUNTS, COUNTS)
def test_an_interval_holds_its_proportion_and_is_the_solution_of_wilsons_equation(part: int, rest: int) -> None:
    low, high = wilson_interval(part, part + rest)
    if not part + rest:
        assert (low, high) == (0.0, 1.0)
        return
    proportion = part / (part + rest)
    assert 0 <= low <= proportion <= high <= 1
    assert (low == 0) == (part == 0)
    assert (high == 1) == (rest == 0) or rest / (part + rest) < 1e-15
    for bound in (low, high):
        error = Z_95 * math.sqrt(bound * (1 - bound) / (part + rest))
        assert abs(proportion - bound) == pytest.approx(error, rel=1e-3, abs=1e-9)


@pytest.mark.parametrize(("part", "total"), [(81, 263), (15, 148), (0, 20), (29, 29), (455, 4484), (10**6, 10**8)])
def test_wilson_intervals_are_statsmodels(part: int, total: int) -> None:
    statsmodels = proportion_confint(part, total, method="wilson")
    assert wilson_interval(part, total) == pytest.approx(statsmodels, abs=1e-12)
