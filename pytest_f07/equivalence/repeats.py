"""Compare the scores of equal windows over the whole log, which needs no oracle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pytest_f07.variant.wording import agreeing, counted
from pytest_f07.windows import Float32Array, Int64Array


@dataclass
class RepeatFault:
    """The distinct windows to which one model gave unequal scores.

    :param windows: that occur more than once; ``differing`` of them with unequal scores.
    :param example: the first that differs.
    """

    windows: int = 0
    differing: int = 0
    example: str = ""

    @property
    def fault(self) -> str | None:
        """Return how many windows have unequal scores, and the first; None where none has."""
        if not self.differing:
            return None
        verb = agreeing(self.differing, "has", "have")
        return (
            f"{self.differing:,} of {counted(self.windows, 'repeated window')} {verb} unequal scores; "
            f"the first: {self.example}"
        )


class Repeats:
    """The range of each distinct window's scores, of every model, over consecutive rows of the log.

    :param windows: how many distinct windows there are.
    :param tolerances: by prediction_name, how far scores of equal windows may be apart.
    """

    def __init__(self, windows: int, tolerances: Mapping[str, float]) -> None:
        self._tolerances = dict(tolerances)
        shape = windows, len(tolerances)
        self._smallest = np.full(shape, np.inf, np.float32)
        self._largest = np.full(shape, -np.inf, np.float32)
        self._missing = np.zeros(shape, np.bool_)
        self._rows = np.zeros(windows, np.int64)
        self._datasets: list[str] = []
        # Of each window's first row: the place of its dataset in the list, and its row number.
        self._first_datasets = np.zeros(windows, np.int64)
        self._first_rows = np.zeros(windows, np.int64)

    def add(self, dataset: str, rows: Int64Array, places: Int64Array, y_prob: Float32Array) -> None:
        """Add rows of a dataset, which follow those before.

        :param places: the number of each row's window among the distinct windows.
        :param y_prob: ``[rows, models]``.
        """
        if not len(rows):
            return
        order = np.argsort(places, kind="stable")
        distinct, starts, counts = np.unique(places[order], return_index=True, return_counts=True)
        scores, is_number = y_prob[order], np.isfinite(y_prob[order])
        part = Repeats(0, self._tolerances)
        part._smallest = np.minimum.reduceat(np.where(is_number, scores, np.float32(np.inf)), starts)
        part._largest = np.maximum.reduceat(np.where(is_number, scores, np.float32(-np.inf)), starts)
        part._missing = np.logical_or.reduceat(~is_number, starts)
        part._rows, part._datasets = counts, [dataset]
        part._first_datasets, part._first_rows = np.zeros(len(distinct), np.int64), rows[order][starts]
        self._merge(distinct, part)

    def merge(self, later: Repeats) -> None:
        """Add later rows of the log."""
        self._merge(np.arange(len(self._rows)), later)

    def _merge(self, places: Int64Array, later: Repeats) -> None:
        for name in later._datasets:
            if name not in self._datasets:
                self._datasets.append(name)
        numbers = np.array([self._datasets.index(name) for name in later._datasets] or [0])
        is_new = (self._rows[places] == 0) & (later._rows > 0)
        self._first_datasets[places[is_new]] = numbers[later._first_datasets[is_new]]
        self._first_rows[places[is_new]] = later._first_rows[is_new]
        self._smallest[places] = np.minimum(self._smallest[places], later._smallest)
        self._largest[places] = np.maximum(self._largest[places], later._largest)
        self._missing[places] |= later._missing
        self._rows[places] += later._rows

    def faults(self) -> dict[str, RepeatFault]:
        """Return the unequal scores of each model, by prediction_name."""
        repeated = self._rows > 1
        windows = int(repeated.sum())
        return {
            name: self._fault(column, tolerance, windows, repeated)
            for column, (name, tolerance) in enumerate(self._tolerances.items())
        }

    def _fault(self, column: int, tolerance: float, windows: int, repeated: np.typing.NDArray[np.bool_]) -> RepeatFault:
        smallest, largest = self._smallest[:, column].astype(np.float64), self._largest[:, column]
        has_number = smallest <= largest
        apart = has_number & (np.where(has_number, largest, 0) - np.where(has_number, smallest, 0) > tolerance)
        [differing] = np.nonzero(repeated & (apart | (has_number & self._missing[:, column])))
        if not len(differing):
            return RepeatFault(windows)
        first = differing[np.lexsort((self._first_rows[differing], self._first_datasets[differing]))[0]]
        scores = [f"{self._smallest[first, column]}", f"{self._largest[first, column]}"]
        if self._missing[first, column]:
            scores = [*dict.fromkeys(scores), "no number"]
        place = f"{self._datasets[self._first_datasets[first]]} row {self._first_rows[first]:,}"
        example = f"the window of {place} comes {self._rows[first]:,} times, with y_prob {' and '.join(scores)}"
        return RepeatFault(windows, len(differing), example)
