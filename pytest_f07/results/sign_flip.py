"""Test whether blocks of consecutive rows changed one way more than the other, exactly."""

from __future__ import annotations

import numpy as np

from pytest_f07.windows import Int64Array

NEGLIGIBLE = 1e-20  # far below the last bit of any p


def sign_flip_p(differences: Int64Array) -> float:
    """Return the two-sided p of a sum as far from 0, were the sign of each difference a toss of a coin.

    R. A. Fisher, The Design of Experiments (1935), section 21, with blocks in place of plants. All 2^n sums count:
    their distribution has the characteristic function ``prod(cos(t * d))``, of which the discrete Fourier transform
    gives each probability.

    :param differences: int64 ``[blocks]``: of each block the rows that became right minus those that became wrong.
    """
    sizes, counts = np.unique(np.abs(differences[differences != 0]), return_counts=True)
    if not len(sizes):
        return 1.0
    unit = int(np.gcd.reduce(sizes))
    sizes, observed = sizes // unit, abs(int(differences.sum())) // unit
    largest = int((sizes * counts).sum())
    points = 2 * largest + 1
    transform, angles = np.ones(largest + 1), 2 * np.pi / points * np.arange(largest + 1)
    relevant = np.arange(largest + 1)
    # The most frequent first: what they leave of nearly all angles is nothing, and is not multiplied further.
    for place in np.argsort(-counts, kind="stable").tolist():
        transform[relevant] *= np.cos(angles[relevant] * sizes[place]) ** counts[place]
        relevant = relevant[np.abs(transform[relevant]) > NEGLIGIBLE]
    probabilities = np.fft.irfft(transform, points)  # of the sums 0, 1, …, largest, -largest, …, -1
    tail = probabilities[observed : largest + 1].sum()
    return float(min(1.0, max(0.0, 2 * tail))) if observed else 1.0
