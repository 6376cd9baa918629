"""Adjust the p of several tests, so that together they err no more often than one."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the adjusted p of each test, in the order given.

    S. Holm, Scandinavian Journal of Statistics 6 (1979) 65–70: the smallest p times their number, the next times one
    less, …, none smaller than the one before it.
    """
    adjusted, largest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = largest
    return adjusted
