from __future__ import annotations

import numpy as np
import pytest

from pytest_f07.results.statistics.proportions import paired_difference_interval
from tests import plain_comparison

# both, only now, only then, neither; the interval as printed.
PUBLISHED = {
    "Newcombe 1998, table II": ((36, 12, 2, 0), (0.0569, 0.3404)),
    "Fagerland, Lydersen and Laake 2017, section 8.6.6, after Cavo 2012": ((59, 6, 16, 80), (-0.1186, -0.0046)),
}


@pytest.mark.parametrize(("cells", "interval"), PUBLISHED.values(), ids=PUBLISHED)
def test_published_examples(cells: tuple[int, int, int, int], interval: tuple[float, float]) -> None:
    assert paired_difference_interval(*cells) == pytest.approx(interval, abs=5e-5)


@pytest.mark.parametrize("cells", np.random.default_rng(5).integers(0, 90, (40, 4)).tolist())
def test_it_is_the_papers_formula_on_statsmodels_intervals(cells: list[int]) -> None:
    expected = plain_comparison.newcombe(*cells)
    assert paired_difference_interval(*cells) == pytest.approx(expected, abs=1e-12)


def test_the_other_way_round_the_interval_is_mirrored() -> None:
    low, high = paired_difference_interval(59, 6, 16, 80)
    assert paired_difference_interval(59, 16, 6, 80) == pytest.approx((-high, -low), abs=1e-12)


@pytest.mark.parametrize("cells", [(50, 0, 0, 50), (9, 0, 0, 0), (0, 0, 0, 1)])
def test_without_flips_the_interval_holds_0(cells: tuple[int, int, int, int]) -> None:
    low, high = paired_difference_interval(*cells)
    assert -1 <= low <= 0 <= high <= 1


def test_the_extremes() -> None:
    assert paired_difference_interval(0, 0, 0, 0) == (-1.0, 1.0)
    low, high = paired_difference_interval(0, 30, 0, 0)
    assert 0.8 < low < high == 1.0
