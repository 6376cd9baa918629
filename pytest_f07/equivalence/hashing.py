"""One number for each window: equal windows have equal ones, whatever integer type a file has.

Two unequal windows of the two million that are remembered at most share one with a probability of 1e-7.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pytest_f07.windows import windows_of

UInt64Array = npt.NDArray[np.uint64]


def window_hashes(windows: pa.Array) -> UInt64Array:
    """Return a hash of each window's codes and their order.

    :param windows: a list array of integers.
    """
    decoded = windows_of(windows)
    places = np.arange(len(decoded.codes)) - decoded.offsets[:-1][decoded.rows]
    mixed = _mix(_mix(decoded.codes.astype(np.uint64)) + places.astype(np.uint64))
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(mixed)])
    return _mix(np.diff(sums[decoded.offsets]) + np.diff(decoded.offsets).astype(np.uint64))


def _mix(values: Any) -> UInt64Array:
    """Return the values with all bits mixed (splitmix64); integers of 64 bits, which wrap around."""
    mixed: UInt64Array = values + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
