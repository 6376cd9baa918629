"""Test whether rows flipped one way more often than the other, exactly."""

from __future__ import annotations

import numpy as np


def mcnemar_p(to_right: int, to_wrong: int) -> float:
    """Return the two-sided p of as unequal a split of the flips, were both ways equally likely; 1.0 without flips.

    Q. McNemar, Psychometrika 12 (1947) 153–157, in its exact form: a binomial test of the flipped rows. The terms
    C(n, i) are taken relative to the largest, by sums of logarithms: as whole numbers they would have thousands of
    digits.
    """
    flips, fewer = to_right + to_wrong, min(to_right, to_wrong)
    if 2 * fewer == flips:
        return 1.0
    middle = flips // 2
    i = np.arange(middle, 0, -1, dtype=np.float64)
    # C(n, i - 1) / C(n, i) = i / (n - i + 1), from the middle down to C(n, 0).
    weights = np.concatenate([[1.0], np.exp(np.cumsum(np.log(i) - np.log(flips - i + 1)))])
    lower_half, tail = weights.sum(), weights[middle - fewer :].sum()
    # Of an even number of flips, the middle term belongs to both halves.
    total = 2 * lower_half - (1.0 if flips % 2 == 0 else 0.0)
    return float(min(1.0, 2 * tail / total))
