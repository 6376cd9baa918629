from __future__ import annotations

import numpy as np
import pytest

from pytest_f07.results.statistics.bootstrap import (
    CHUNK_RESAMPLES,
    RESAMPLES,
    SEED,
    change_p,
    percentile_interval,
    resample,
)

BLOCKS = np.random.default_rng(3).binomial(40, 0.3, (120, 2))


def test_resamples_draw_whole_blocks_as_many_as_there_are() -> None:
    blocks = np.array([[1, 10], [100, 1000]])
    sums = resample(blocks)
    assert sums.shape == (RESAMPLES, 2)
    assert set(sums[:, 0].tolist()) == {2.0, 101.0, 200.0}
    assert (sums[:, 1] == 10 * sums[:, 0]).all()
    assert abs((sums[:, 0] == 101).mean() - 0.5) < 0.05


def test_resamples_are_the_sums_of_the_blocks_drawn_by_plain_loops() -> None:
    blocks = np.array([[3, 1], [0, 7], [5, 5]])
    random = np.random.Generator(np.random.PCG64(SEED))
    expected = []
    for _ in range(RESAMPLES // CHUNK_RESAMPLES):
        for places in random.integers(0, 3, (CHUNK_RESAMPLES, 3)).tolist():
            expected.append([sum(int(blocks[place][column]) for place in places) for column in (0, 1)])
    assert resample(blocks).tolist() == expected


def test_each_call_gives_the_same() -> None:
    assert (resample(BLOCKS) == resample(BLOCKS)).all()


def test_the_interval_of_a_sum_is_that_of_its_normal_limit() -> None:
    interval = percentile_interval(resample(BLOCKS)[:, 0] / len(BLOCKS))
    mean, error = BLOCKS[:, 0].mean(), BLOCKS[:, 0].std() / np.sqrt(len(BLOCKS))
    assert interval == pytest.approx((mean - 1.96 * error, mean + 1.96 * error), abs=0.1 * error + 0.02)


def test_percentiles_are_numpys_of_what_is_defined() -> None:
    values = np.arange(1000.0)
    assert percentile_interval(values) == pytest.approx(np.quantile(values, [0.025, 0.975]))
    values[:100] = np.nan
    assert percentile_interval(values) == pytest.approx(np.nanquantile(values, [0.025, 0.975]))
    values[:501] = np.nan
    assert percentile_interval(values) is None
    assert change_p(values) is None


@pytest.mark.parametrize(
    ("changes", "p"),
    [([1.0] * 99, 0.02), ([-1.0] * 98 + [1.0], 0.04), ([0.0] * 9, 1.0), ([1.0, -1.0, np.nan], 1.0)],
)
def test_the_p_of_a_change_is_twice_the_smaller_side(changes: list[float], p: float) -> None:
    assert change_p(np.array(changes)) == pytest.approx(p)
