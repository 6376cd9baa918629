"""Ask about the first batch of each dataset once more: the same rows must have the same scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pytest_f07.endpoints.endpoint import Endpoint
from pytest_f07.equivalence.tolerance import score_difference, tie_of
from pytest_f07.errors import BrokenRun
from pytest_f07.variant.package import Model
from pytest_f07.variant.wording import agreeing, counted
from pytest_f07.windows import BatchResult, Predictions


@dataclass
class AgainCheck:
    """The first batch of each dataset, and where a model answered it otherwise when asked again.

    :param models: in the order of the answers.
    :param tolerance: how far scores may be apart; None: by the precision of each model.
    """

    models: Sequence[Model]
    tolerance: float | None = None
    _batches: dict[str, BatchResult] = field(default_factory=dict)
    _faults: dict[str, str] = field(default_factory=dict)

    def add(self, batch: BatchResult) -> None:
        """Remember the batch where it is the first of its dataset."""
        self._batches.setdefault(batch.dataset, batch)

    def ask(self, client: Endpoint[Any]) -> None:
        """Ask about each batch again, and note where the answer is another one."""
        for batch in self._batches.values():
            try:
                again = client.receive_batch(client.send_batch(batch.windows))
            except BrokenRun as error:
                raise BrokenRun(f"{error}, asked again about the first rows of {batch.dataset}") from None
            for column, model in enumerate(self.models):
                self._compare(model, column, batch, again)

    def _compare(self, model: Model, column: int, batch: BatchResult, again: Predictions) -> None:
        before = batch.predictions
        difference = score_difference(before.y_prob[:, column], again.y_prob[:, column])
        differs = difference > tie_of(model, self.tolerance)
        values, others = before.y_prob[:, column].tolist(), again.y_prob[:, column].tolist()
        if not before.has_scores:
            differs = before.y_pred[:, column] != again.y_pred[:, column]
            values, others = before.y_pred[:, column].tolist(), again.y_pred[:, column].tolist()
        [places] = np.nonzero(differs)
        if len(places):
            first = int(places[0])
            self._faults.setdefault(
                model.prediction_name,
                f"{len(places):,} of {counted(len(differs), 'row')} {agreeing(len(places), 'has', 'have')} another "
                f"answer when asked again; the first: {batch.dataset} row {batch.first_row + first:,}: "
                f"{values[first]}, and {others[first]} again",
            )

    def fault(self, name: str) -> str | None:
        """Return how many rows one model answered otherwise, and the first; None where there is none."""
        return self._faults.get(name)
