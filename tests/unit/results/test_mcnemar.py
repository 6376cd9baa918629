from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest
from scipy.stats import binomtest
from statsmodels.stats.contingency_tables import mcnemar

from pytest_f07.results.mcnemar import mcnemar_p

FLIPS = [(0, 0), (1, 0), (0, 5), (1, 1), (3, 2), (6, 16), (31, 27), (500, 700), (0, 2000), (20_001, 20_500)]


@pytest.mark.parametrize(("to_right", "to_wrong"), FLIPS)
def test_it_is_scipys_and_statsmodels(to_right: int, to_wrong: int) -> None:
    p = mcnemar_p(to_right, to_wrong)
    assert p == mcnemar_p(to_wrong, to_right)
    if to_right + to_wrong:
        assert p == pytest.approx(binomtest(to_right, to_right + to_wrong).pvalue, abs=1e-12)
        assert p == pytest.approx(mcnemar([[9, to_right], [to_wrong, 9]], exact=True).pvalue, abs=1e-12)
    else:
        assert p == 1.0


@pytest.mark.parametrize("flips", range(1, 30))
def test_it_is_the_sum_of_binomial_terms(flips: int) -> None:
    for fewer in range(flips // 2 + 1):
        exact = min(Fraction(1), 2 * Fraction(sum(comb(flips, i) for i in range(fewer + 1)), 2**flips))
        assert mcnemar_p(fewer, flips - fewer) == pytest.approx(float(exact), abs=1e-12)


def test_a_published_example() -> None:
    # Fagerland, Lydersen and Laake 2017, section 8.5.2: complete response before and after therapy (Cavo 2012).
    assert mcnemar_p(6, 16) == pytest.approx(0.0525, abs=5e-5)
