"""Ask the oracle about each window of the index while the replay runs, in blocks, and collect what it says."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future

import numpy as np

from pytest_f07.equivalence.index import WindowIndex
from pytest_f07.equivalence.process import Oracle, wait_for_answer
from pytest_f07.variant.dataset import Dataset
from pytest_f07.windows import Float32Array, Int64Array

BLOCK_ROWS = 4096


class Questions:
    """One block after another, of ascending rows, dataset by dataset: a block costs a call of each model."""

    def __init__(self, oracle: Oracle, index: WindowIndex, datasets: Sequence[Dataset]) -> None:
        self._answers: list[tuple[Int64Array, Future[Float32Array]]] = []
        self._windows = len(index)
        order = np.lexsort((index.rows, index.datasets))
        for start in range(0, len(order), BLOCK_ROWS):
            block = order[start : start + BLOCK_ROWS]
            places, first = np.unique(index.datasets[block], return_index=True)
            parts = np.split(index.rows[block], first[1:])
            rows = {datasets[place].source_f04: part for place, part in zip(places.tolist(), parts, strict=True)}
            self._answers.append((block, oracle.ask(rows)))

    @property
    def are_answered(self) -> bool:
        """Return whether the oracle has said everything."""
        return all(answer.done() for _, answer in self._answers)

    def scores(self, models: int) -> Float32Array:
        """Return what the oracle says, ``[windows of the index, models]``; :class:`BrokenRun` where it does not."""
        scores = np.full((self._windows, models), np.nan, np.float32)
        for places, answer in self._answers:
            scores[places] = wait_for_answer(answer)
        return scores
