"""Ask about a few windows again, one by one, through ``/infer``: both routes must answer the same."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from pytest_f07.equivalence.tolerance import is_same_score, is_tie, tolerance_of
from pytest_f07.variant.dataset import Dataset
from pytest_f07.variant.package import Model
from pytest_f07.variant.wording import agreeing, counted
from pytest_f07.windows import BatchResult

ROWS = 64  # of all datasets together


class InferClient(Protocol):
    """A client of the server that has a route for one window."""

    def infer(self, window: list[int]) -> list[dict[str, Any]]:
        """Return every model's answer to one window, in order."""


@dataclass(frozen=True)
class Sample:
    """One window and what the batch answered.

    :param y_pred: of each model; ``y_prob`` too.
    """

    dataset: str
    row: int
    window: list[int]
    y_pred: list[int]
    y_prob: list[float]

    @property
    def place(self) -> str:
        """Return where the window stands: ``v401 row 7``."""
        return f"{self.dataset} row {self.row:,}"


@dataclass
class InferCheck:
    """Windows spread evenly over each dataset, the first and the last among them, and what ``/infer`` answered.

    :param models: in the order of the answers.
    :param rows: the rows to ask about, by dataset.
    :param tolerance: how far scores may be apart; None: by the precision of each model.
    """

    models: Sequence[Model]
    rows: Mapping[str, Sequence[int]]
    tolerance: float | None = None
    _samples: list[Sample] = field(default_factory=list)
    _differences: dict[str, list[str]] = field(default_factory=dict)

    def add(self, batch: BatchResult) -> None:
        """Remember what a batch answered to those of the rows that it holds."""
        for row in self.rows.get(batch.dataset, ()):
            place = row - batch.first_row
            if 0 <= place < len(batch.windows):
                y_pred, y_prob = batch.predictions.y_pred[place], batch.predictions.y_prob[place]
                window = batch.windows[place].as_py()
                self._samples.append(Sample(batch.dataset, row, window, y_pred.tolist(), y_prob.tolist()))

    def ask(self, client: InferClient) -> None:
        """Ask about each window alone, and note where the answer is another one."""
        for sample in self._samples:
            answers = client.infer(sample.window)
            for column, (model, answer) in enumerate(zip(self.models, answers, strict=True)):
                self._compare(model, sample, sample.y_pred[column], sample.y_prob[column], answer)

    def _compare(self, model: Model, sample: Sample, y_pred: int, y_prob: float, answer: dict[str, Any]) -> None:
        name = model.prediction_name
        alone = math.nan if answer.get("y_prob") is None else answer["y_prob"]
        if not isinstance(alone, int | float):
            self._note(name, sample, f"/infer gives {json.dumps(answer)}")
            return
        tolerance = tolerance_of(model, self.tolerance)
        if not is_same_score(y_prob, alone, tolerance):
            self._note(name, sample, f"y_prob {y_prob} in the batch, {alone} alone")
        elif answer.get("y_pred") != y_pred and not is_tie(y_prob, model.threshold, tolerance):
            self._note(name, sample, f"y_pred {y_pred} in the batch, {answer.get('y_pred')} alone")

    def _note(self, name: str, sample: Sample, difference: str) -> None:
        self._differences.setdefault(name, []).append(f"{sample.place}: {difference}")

    def fault(self, name: str) -> str | None:
        """Return how often the routes differ for one model, and the first time; None where they do not."""
        differences = self._differences.get(name, [])
        if not differences:
            return None
        verb = agreeing(len(differences), "differs", "differ")
        return f"{len(differences)} of {counted(self.windows, 'window')} {verb}; {differences[0]}"

    def differing(self, name: str) -> int:
        """Return the number of windows that one model answered otherwise."""
        return len(self._differences.get(name, []))

    @property
    def windows(self) -> int:
        """Return the number of windows that are asked about."""
        return len(self._samples)


def infer_rows(datasets: Iterable[Dataset]) -> dict[str, list[int]]:
    """Return which rows are asked about, at most 64 in all: as many of each dataset, spread evenly over it.

    The first and the last row of each are among them, also where there are so many datasets that these are more.
    """
    filled = [dataset for dataset in datasets if dataset.rows]
    each = max(2, ROWS // max(1, len(filled)))
    return {
        dataset.source_f04: np.unique(np.linspace(0, dataset.rows - 1, each).astype(np.int64)).tolist()
        for dataset in filled
    }
