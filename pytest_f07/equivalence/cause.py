"""Find what the windows that differ from the oracle have in common, and those that agree have not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pytest_f07.equivalence.tolerance import is_same_score
from pytest_f07.variant.package import Model
from pytest_f07.windows import Float32Array, Int64Array

MOST = 512
RARE = 0.1
SHOWN = 3

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Block:
    """Rows of one block of a dataset, in which batches begin anew.

    :param first_row: of the block; ``rows`` are row numbers of the dataset, ascending.
    :param windows: a list array, one for each of the rows.
    """

    dataset: str
    first_row: int
    rows: Int64Array
    windows: pa.Array


class Cases:
    """Some windows that differ and some that agree, of one model, from the blocks of the log where any differs.

    :param column: of the model among ``models``.
    """

    def __init__(self, models: Sequence[Model], column: int, batch_size: int) -> None:
        self._model, self._column, self._batch_size = models[column], column, batch_size
        self._others = [model.prediction_name for model in models]
        self._traits: dict[str, list[int]] = {}
        self._differing = self._agreeing = 0
        self._batches: set[tuple[str, int]] = set()
        self._places: set[int] = set()

    def add(self, block: Block, y_prob: Float32Array, oracle: Float32Array, wrong: Mask) -> None:
        """Add the windows of one block, some of which differ.

        :param y_prob: ``[windows, models]``, and ``oracle`` too; ``wrong`` is ``[windows]``.
        """
        rows, windows = block.rows, block.windows
        [differing], [agreeing] = np.nonzero(wrong), np.nonzero(~wrong)
        before = np.vstack([np.full((1, oracle.shape[1]), np.nan, np.float32), oracle[:-1]])
        before[1:][np.diff(rows) != 1] = np.nan
        for is_differing, places, room in (
            (True, differing, MOST - self._differing),
            (False, agreeing, MOST - self._agreeing),
        ):
            chosen = places[: max(room, 0)]
            for row in chosen.tolist():
                traits = {
                    *self._window_traits(windows[row].as_py()),
                    *self._score_traits(y_prob[row, self._column], oracle[row], before[row, self._column]),
                    f"are rows of {block.dataset}",
                }
                for trait in traits:
                    self._traits.setdefault(trait, [0, 0])[not is_differing] += 1
            if is_differing:
                self._differing += len(chosen)
                places = (rows[differing] - block.first_row) % self._batch_size
                self._places |= set(places.tolist())
                self._batches |= {(block.dataset, first) for first in (rows[differing] - places).tolist()}
            else:
                self._agreeing += len(chosen)

    def merge(self, later: Cases) -> None:
        """Add the cases of later rows."""
        for trait, (differing, agreeing) in later._traits.items():
            counts = self._traits.setdefault(trait, [0, 0])
            counts[0] += differing
            counts[1] += agreeing
        self._differing += later._differing
        self._agreeing += later._agreeing
        self._batches |= later._batches
        self._places |= later._places

    def _window_traits(self, window: list[int]) -> Iterator[str]:
        vectorization = self._model.vectorization
        known = [code for code in window if code in vectorization.vocabulary]
        yield from (f"hold the code {code}" for code in set(window))
        traits = {
            f"hold more than {vectorization.width} known codes": (
                vectorization.kind == "sequence" and len(known) > vectorization.width
            ),
            "hold a code more than once": len(set(window)) < len(window),
            "hold a code outside the vocabulary": len(known) < len(window),
            "are empty": not window,
            "hold no known code": bool(window) and not known,
            "hold a negative code": min(window, default=0) < 0,
            "hold a code beyond 32 bits": max(map(abs, window), default=0) >= 2**31,
        }
        yield from (trait for trait, is_there in traits.items() if is_there)

    def _score_traits(self, y_prob: np.float32, oracle: Float32Array, before: np.float32) -> Iterator[str]:
        if not np.isfinite(y_prob):
            return
        for column, name in enumerate(self._others):
            if column != self._column and is_same_score(y_prob, oracle[column], self._model.tolerance):
                yield f"have the score of {name}"
        if is_same_score(y_prob, before, self._model.tolerance):
            yield "have the score of the row before"

    @property
    def sentence(self) -> str:
        """Return what they have in common, ``all of them hold a negative code``; "" where nothing is seen."""
        common = [
            trait
            for trait, (differing, agreeing) in self._traits.items()
            if differing == self._differing > 0 and agreeing <= RARE * self._agreeing and self._agreeing
        ]
        if self._differing > 1 and len(self._batches) == 1:
            common.append("are of one batch")
        if self._differing > 1 and len(self._places) == 1:
            common.append(f"have place {min(self._places)} in their batches")
        if self._differing and not self._agreeing:
            return "no window agrees, as with a file of other weights"
        return f"all of them {', '.join(sorted(common)[:SHOWN])}" if common else ""
