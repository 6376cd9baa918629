"""Count the predictions that another run made otherwise.

Both logs are read in step, block by block, each from where a dataset begins in it; neither is ever in memory whole.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pytest_f07.errors import F07Error
from pytest_f07.log.reader import LogReader
from pytest_f07.windows import Float32Array, Int8Array

SHOWN_FLIPS = 5
SHOWN_CHARACTERS = 120
BLOCK_ROWS = 262_144
COLUMNS = ("window", "y_pred", "y_prob")


@dataclass(frozen=True)
class RunLog:
    """The log of a run.

    :param names: the models, in the order of the log.
    :param rows: the number of rows of each dataset, in the order of the log.
    """

    parquet: Path
    names: tuple[str, ...]
    rows: Mapping[str, int]

    def open(self, dataset: str, columns: tuple[str, ...] = COLUMNS) -> LogReader:
        """Return a reader of the log from the first row of a dataset on."""
        starts = dict(zip(self.rows, accumulate(self.rows.values(), initial=0), strict=False))
        return LogReader(self.parquet, len(self.names), columns, starts[dataset])


@dataclass(frozen=True)
class Flip:
    """A prediction that is another one now.

    :param window: its text; a long one is cut.
    :param then: the score then; ``now`` the score now.
    """

    dataset: str
    row: int
    window: str
    then: float
    now: float

    @property
    def size(self) -> float:
        """Return how far the score moved; 1 where either score is not a number."""
        return 1.0 if math.isnan(self.now - self.then) else abs(self.now - self.then)

    def document(self) -> dict[str, Any]:
        """Return the flip as JSON has it, where NaN is null."""
        return {key: None if value != value else value for key, value in vars(self).items()}


@dataclass
class Flips:
    """The flipped predictions of one model.

    :param compared: predictions of the same row with the same window.
    :param to_1: predictions that were 0 and are 1; ``to_0`` the other way.
    :param largest: those whose score moved most, the largest change first.
    """

    compared: int = 0
    to_1: int = 0
    to_0: int = 0
    largest: list[Flip] = field(default_factory=list)

    def add(self, block: FlipBlock) -> None:
        """Count the flips of a block."""
        self.compared += int(np.count_nonzero(block.same_window))
        flipped = np.flatnonzero(block.same_window & (block.y_pred_then != block.y_pred_now))
        to_1 = int(np.count_nonzero(block.y_pred_now[flipped]))
        self.to_1 += to_1
        self.to_0 += len(flipped) - to_1
        sizes = np.nan_to_num(np.abs(block.y_prob_now[flipped] - block.y_prob_then[flipped]), nan=1.0)
        places = flipped[np.argsort(-sizes, kind="stable")[:SHOWN_FLIPS]]
        self.largest += [block.flip(place) for place in places.tolist()]
        self.largest.sort(key=lambda flip: flip.size, reverse=True)
        del self.largest[SHOWN_FLIPS:]


@dataclass(frozen=True)
class FlipBlock:
    """Consecutive rows of a dataset with one model's predictions then and now.

    :param first_row: the row number of the first one.
    :param windows: the text of each window now, ``[rows]``.
    :param same_window: whether a row holds the same window as then, bool ``[rows]``.
    """

    dataset: str
    first_row: int
    windows: pa.Array
    same_window: npt.NDArray[np.bool_]
    y_pred_then: Int8Array
    y_prob_then: Float32Array
    y_pred_now: Int8Array
    y_prob_now: Float32Array

    def flip(self, place: int) -> Flip:
        """Return the row at ``place`` of the block."""
        window = self.windows[place].as_py()
        text = window if len(window) <= SHOWN_CHARACTERS else f"{window[:SHOWN_CHARACTERS]}…"
        return Flip(
            self.dataset, self.first_row + place, text, float(self.y_prob_then[place]), float(self.y_prob_now[place])
        )


def count_flips(then: RunLog, now: RunLog, dataset: str, flips: Mapping[str, Flips]) -> int:
    """Count the flips in the rows of a dataset that both runs have.

    :param flips: what is counted, by prediction_name, for models that both runs have.
    :returns: the number of rows that hold another window than then.
    :raises F07Error: where a log ends early.
    """
    other_windows = 0
    with then.open(dataset) as then_log, now.open(dataset) as now_log:
        rows = min(then.rows[dataset], now.rows[dataset])
        for first_row, size in _blocks(rows, max(len(then.names), len(now.names))):
            then_block, now_block = then_log.take(size), now_log.take(size)
            windows = now_block.windows
            same_window = same_windows(then_block.windows, windows)
            other_windows += int(np.count_nonzero(~same_window))
            for name, model_flips in flips.items():
                column_then, column_now = then.names.index(name), now.names.index(name)
                model_flips.add(
                    FlipBlock(
                        dataset,
                        first_row,
                        windows,
                        same_window,
                        then_block.y_pred[:, column_then],
                        then_block.y_prob[:, column_then],
                        now_block.y_pred[:, column_now],
                        now_block.y_prob[:, column_now],
                    )
                )
    return other_windows


def _blocks(rows: int, models: int) -> Iterator[tuple[int, int]]:
    """Yield the first row and the number of rows of each block."""
    step = max(1, BLOCK_ROWS // models)
    for first_row in range(0, rows, step):
        yield first_row, min(step, rows - first_row)


def same_windows(then: pa.Array, now: pa.Array) -> npt.NDArray[np.bool_]:
    """Return whether each row holds the same window in both logs, bool ``[rows]``.

    :raises F07Error: where one of the logs ends early.
    """
    if len(then) != len(now):
        raise F07Error("its log has fewer rows than its metadata says")
    equal: npt.NDArray[np.bool_] = pc.equal(then, now).to_numpy(zero_copy_only=False)
    return equal
