from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from pytest_f07.results.holm import holm


@pytest.mark.parametrize("seed", range(6))
def test_it_is_statsmodels(seed: int) -> None:
    p_values = np.random.default_rng(seed).random(seed * 3 + 1) ** 3
    assert holm(p_values.tolist()) == pytest.approx(multipletests(p_values, method="holm")[1].tolist(), abs=1e-12)


@pytest.mark.parametrize(
    ("p_values", "adjusted"),
    [([], []), ([0.03], [0.03]), ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]), ([0.9, 0.9], [1.0, 1.0])],
)
def test_small_examples(p_values: list[float], adjusted: list[float]) -> None:
    assert holm(p_values) == pytest.approx(adjusted, abs=1e-12)
