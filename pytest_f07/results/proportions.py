"""Compute the interval of the difference of two proportions that were measured on the same rows."""

from __future__ import annotations

import math

from pytest_f07.results.formulas import wilson_interval


def paired_difference_interval(both: int, only_now: int, only_then: int, neither: int) -> tuple[float, float]:
    """Return the 95 % interval of the change ``(only_now - only_then) / rows`` of a proportion of paired rows.

    R. G. Newcombe, Statistics in Medicine 17 (1998) 2635–2650, method 10: the score intervals of the two proportions,
    joined by their correlation, which is corrected for continuity.

    :param both: rows that count in both runs; ``neither`` in none of them.
    :param only_now: rows that count now and did not then; ``only_then`` the other way.
    :returns: -1 to 1 where there are no rows.
    """
    rows = both + only_now + only_then + neither
    if not rows:
        return -1.0, 1.0
    now, then = both + only_now, both + only_then
    (now_low, now_high), (then_low, then_high) = wilson_interval(now, rows), wilson_interval(then, rows)
    below_now, above_now = now / rows - now_low, now_high - now / rows
    below_then, above_then = then / rows - then_low, then_high - then / rows
    phi = _correlation(both, only_now, only_then, neither)
    change = (only_now - only_then) / rows
    below = math.sqrt(max(0.0, below_now**2 - 2 * phi * below_now * above_then + above_then**2))
    above = math.sqrt(max(0.0, above_now**2 - 2 * phi * above_now * below_then + below_then**2))
    return max(-1.0, change - below), min(1.0, change + above)


def _correlation(both: int, only_now: int, only_then: int, neither: int) -> float:
    """Return Newcombe's corrected phi; 0.0 where a margin is empty."""
    margins = (both + only_now) * (only_then + neither) * (both + only_then) * (only_now + neither)
    if not margins:
        return 0.0
    covariance: float = both * neither - only_now * only_then
    if covariance > 0:
        covariance = max(0.0, covariance - (both + only_now + only_then + neither) / 2)
    return covariance / math.sqrt(margins)
