"""Compare the labels that two packages give to the rows of one dataset."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pytest_f07.variant.dataset import Y_COLUMN, Dataset, labels_of
from pytest_f07.windows import Int8Array


def count_label_differences(then: Dataset, now: Dataset) -> int:
    """Return how many of the rows that both have, by row number, are labelled otherwise."""
    rows, differences = min(then.rows, now.rows), 0
    rest: Int8Array = np.zeros(0, np.int8)
    earlier = _labels(then, rows)
    for labels in _labels(now, rows):
        while len(rest) < len(labels):
            rest = np.concatenate([rest, next(earlier)])
        differences += int(np.count_nonzero(rest[: len(labels)] != labels))
        rest = rest[len(labels) :]
    return differences


def _labels(dataset: Dataset, rows: int) -> Iterator[Int8Array]:
    for block in dataset.blocks([Y_COLUMN], rows=rows):
        yield labels_of(block.column(Y_COLUMN))
