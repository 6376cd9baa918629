"""Compare the scores of equal windows over the whole log, which needs no oracle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pytest_f07.equivalence.tolerance import score_difference
from pytest_f07.variant.wording import agreeing, counted
from pytest_f07.windows import Float32Array, Int64Array


@dataclass
class RepeatFault:
    """How often a model gave a window another score than when it came first.

    :param windows: how many were compared with an equal one before.
    :param example: the first that differs.
    """

    windows: int = 0
    differing: int = 0
    example: str = ""

    @property
    def fault(self) -> str | None:
        """Return how many windows differ from an equal one, and the first; None where none does."""
        if not self.differing:
            return None
        verb = agreeing(self.differing, "has", "have")
        return (
            f"{self.differing:,} of {counted(self.windows, 'repeated window')} {verb} another score than the equal "
            f"window before; the first: {self.example}"
        )


class Repeats:
    """The first score of each window that is remembered, of every model.

    :param windows: how many are remembered.
    :param tolerances: by prediction_name, how far scores of equal windows may be apart.
    """

    def __init__(self, windows: int, tolerances: Mapping[str, float]) -> None:
        self.faults = {name: RepeatFault() for name in tolerances}
        self._tolerances = np.array(list(tolerances.values()))
        self._scores = np.full((windows, len(tolerances)), np.nan, np.float32)
        self._firsts: list[str] = []
        self._sources = np.full(windows, -1)
        self._rows = np.zeros(windows, np.int64)

    def add(self, dataset: str, rows: Int64Array, places: Int64Array, y_prob: Float32Array) -> None:
        """Compare rows of a dataset, which follow those before, with the equal ones before.

        :param places: of their windows among those that are remembered.
        :param y_prob: ``[rows, models]``.
        """
        distinct, first = np.unique(places, return_index=True)
        is_new = self._sources[distinct] < 0
        distinct, first = distinct[is_new], first[is_new]
        self._firsts.append(dataset)
        self._sources[distinct], self._rows[distinct] = len(self._firsts) - 1, rows[first]
        self._scores[distinct] = y_prob[first]
        before = self._scores[places]
        differs = ~(score_difference(y_prob, before) <= self._tolerances)
        for column, repeat in enumerate(self.faults.values()):
            repeat.windows += len(rows) - len(first)
            repeat.differing += int(differs[:, column].sum())
            if differs[:, column].any() and not repeat.example:
                row = int(differs[:, column].argmax())
                source = self._firsts[self._sources[places[row]]]
                repeat.example = (
                    f"{dataset} row {rows[row]:,}: y_prob {y_prob[row, column]}, and {before[row, column]} at "
                    f"{source} row {self._rows[places[row]]:,}"
                )
