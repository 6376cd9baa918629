from __future__ import annotations

import math

import pytest
from scipy.stats import norm

from pytest_f07.results.base_rate import false_positive_rate, precision_at, precision_interval_at
from pytest_f07.results.formulas import Counts

APOE = Counts(tp=240, fn=178, fp=87, tn=288)  # the example of Mercaldo, Lau and Zhou, at 3 %
# F05's confusion matrices in package v601, the base rates of its datasets, and what a reader is to see.
V601 = {
    "battery": (Counts(tp=70, fn=29, fp=26, tn=195), 624 / 34305, "0.100"),
    "ge": (Counts(tp=181, fn=40, fp=33, tn=286), 1600 / 34305, "0.279"),
}


@pytest.mark.parametrize(("counts", "base_rate", "precision"), V601.values(), ids=V601)
def test_the_precision_at_the_base_rate_of_v601(counts: Counts, base_rate: float, precision: str) -> None:
    value = precision_at(counts, base_rate)
    assert value is not None
    assert f"{value:.3f}" == precision
    low, high = precision_interval_at(counts, base_rate)
    assert low < value < high


@pytest.mark.parametrize("counts", [APOE, *(counts for counts, _, _ in V601.values())])
def test_at_its_own_base_rate_a_split_has_its_own_precision(counts: Counts) -> None:
    own = (counts.tp + counts.fn) / (counts.tp + counts.fn + counts.fp + counts.tn)
    assert precision_at(counts, own) == pytest.approx(counts.tp / (counts.tp + counts.fp), abs=1e-12)


def test_the_example_of_the_paper() -> None:
    assert precision_at(APOE, 0.03) == pytest.approx(0.0711, abs=5e-5)
    # Step by step, as the paper has it: Agresti and Coull's estimates, then the delta method on the logit.
    z = norm.ppf(0.975)
    sensitivity, specificity = (240 + z**2 / 2) / (418 + z**2), (288 + z**2 / 2) / (375 + z**2)
    logit = math.log(sensitivity * 0.03 / ((1 - specificity) * 0.97))
    variance = (1 - sensitivity) / sensitivity / (418 + z**2) + specificity / (1 - specificity) / (375 + z**2)
    bounds = [1 / (1 + math.exp(-(logit + sign * z * math.sqrt(variance)))) for sign in (-1, 1)]
    assert precision_interval_at(APOE, 0.03) == pytest.approx(bounds, abs=1e-12)


def test_a_split_without_a_prediction_of_1_has_an_interval_and_no_precision() -> None:
    counts = Counts(tn=157, fn=89)
    assert false_positive_rate(counts) == false_positive_rate(Counts(tp=3)) == 0.0
    assert precision_at(counts, 0.02) is None
    low, high = precision_interval_at(counts, 0.02)
    assert 0 < low < high < 1
