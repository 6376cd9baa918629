"""Compute intervals of metrics from resampled blocks of consecutive rows, which need not be independent.

E. Carlstein, Annals of Statistics 14 (1986) 1171–1179: blocks that do not overlap are drawn anew, as many as there are;
B. Efron, R. J. Tibshirani, An Introduction to the Bootstrap (1993), chapter 13: percentiles of what they give.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from pytest_f07.windows import Int64Array

Float64Array = npt.NDArray[np.float64]
RESAMPLES = 2000
SEED = 20260215
CHUNK_RESAMPLES = 50
MIN_BLOCKS = 10  # with fewer, their draws tell next to nothing


def resample(blocks: Int64Array) -> Float64Array:
    """Return the sums of resampled blocks, float64 ``[RESAMPLES, counts]``; the same at each call.

    :param blocks: the counts of each block, int64 ``[blocks, counts]``.
    """
    random = np.random.Generator(np.random.PCG64(SEED))
    size, values = len(blocks), blocks.astype(np.float64)
    sums = []
    for _ in range(RESAMPLES // CHUNK_RESAMPLES):
        draws = random.integers(0, size, (CHUNK_RESAMPLES, size))
        draws += np.arange(CHUNK_RESAMPLES)[:, None] * size
        weights = np.bincount(draws.ravel(), minlength=CHUNK_RESAMPLES * size).reshape(CHUNK_RESAMPLES, size)
        sums.append(weights @ values)
    return np.concatenate(sums)


def percentile_interval(values: Float64Array) -> tuple[float, float] | None:
    """Return the 95 % interval of resampled values; None where fewer than half of them are defined.

    :param values: NaN where undefined.
    """
    defined = values[~np.isnan(values)]
    if 2 * len(defined) < len(values):
        return None
    low, high = np.quantile(defined, [0.025, 0.975])
    return float(low), float(high)


def change_p(changes: Float64Array) -> float | None:
    """Return the two-sided p of a change: twice the share of resampled changes on the smaller side of 0.

    It is never 0: with one resample more it could be smaller (Efron and Tibshirani, chapter 15).

    :param changes: NaN where undefined.
    :returns: None where fewer than half of the changes are defined.
    """
    defined = changes[~np.isnan(changes)]
    if 2 * len(defined) < len(changes):
        return None
    smaller = min(np.count_nonzero(defined <= 0), np.count_nonzero(defined >= 0))
    return float(min(1.0, 2 * (smaller + 1) / (len(defined) + 1)))


def metric_interval(blocks: Int64Array, metric: Callable[[Float64Array], Float64Array]) -> tuple[float, float] | None:
    """Return the 95 % interval of a metric; None where there are too few blocks.

    :param blocks: the counts of each block, int64 ``[blocks, counts]``.
    :param metric: given counts ``[resamples, counts]``, its value of each.
    """
    return percentile_interval(metric(resample(blocks))) if len(blocks) >= MIN_BLOCKS else None
