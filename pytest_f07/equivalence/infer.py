"""A few windows asked again, one by one, through ``/infer``: both routes must say the same."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from pytest_f07.endpoints.f07 import Client
from pytest_f07.variant.dataset import Dataset
from pytest_f07.variant.package import Model
from pytest_f07.windows import BatchResult

PER_DATASET = 16
TIE = 1e-6
TOLERANCE = 1e-5


def tie(tolerance: float) -> float:
    """How near to the threshold a score may fall either way: in half precision, by as much as scores may differ."""
    return TIE if tolerance <= TOLERANCE else tolerance


@dataclass(frozen=True)
class _Kept:
    """One window and what the batch said of it."""

    source_f04: str
    row: int
    window: list[int]
    y_pred: list[int]
    y_prob: list[float]

    @property
    def place(self) -> str:
        return f"{self.source_f04} row {self.row:,}"


@dataclass
class Sampled:
    """Windows spread evenly over each dataset, the first and the last among them, and what ``/infer`` said.

    :param thresholds: of each model, by prediction_name in order; a score very near to it may fall either way.
    :param tolerances: how far two scores of a window may be apart, of models that compute in half precision.
    """

    thresholds: dict[str, float]
    tolerances: dict[str, float] = field(default_factory=dict)
    _kept: list[_Kept] = field(default_factory=list)
    _faults: dict[str, list[str]] = field(default_factory=dict)
    _alone: dict[tuple[str, str], dict[int, float]] = field(default_factory=dict)

    @classmethod
    def of(cls, models: Iterable[Model]) -> Sampled:
        """Return an empty sample for these models."""
        listed = list(models)
        return cls(
            {model.prediction_name: model.threshold for model in listed},
            {model.prediction_name: model.tolerance for model in listed},
        )

    def keep(self, batch: BatchResult, rows: Sequence[int]) -> None:
        """Remember what the batch said of ``rows`` of its dataset, as far as they are in it."""
        for row in rows:
            at = row - batch.first_row
            if 0 <= at < len(batch.windows):
                self._kept.append(
                    _Kept(
                        batch.dataset,
                        row,
                        batch.windows[at].as_py(),
                        batch.predictions.y_pred[at].tolist(),
                        batch.predictions.y_prob[at].tolist(),
                    )
                )

    def ask(self, client: Client) -> None:
        """Ask ``/infer`` about each window kept, and note where it says something else."""
        for kept in self._kept:
            for index, (name, one) in enumerate(zip(self.thresholds, client.infer(kept.window), strict=True)):
                self._compare(name, kept, kept.y_pred[index], kept.y_prob[index], one)

    def _compare(self, name: str, kept: _Kept, y_pred: int, y_prob: float, one: dict[str, object]) -> None:
        again = math.nan if one.get("y_prob") is None else one["y_prob"]
        if not isinstance(again, int | float):
            self._fault(name, kept, f"/infer gives {json.dumps(one)}")
            return
        self._alone.setdefault((name, kept.source_f04), {})[kept.row] = float(again)
        tolerance = self.tolerances.get(name, TOLERANCE)
        if math.isnan(again) != math.isnan(y_prob) or abs(again - y_prob) > tolerance:
            self._fault(name, kept, f"y_prob {y_prob} in the batch, {again} alone")
        elif one.get("y_pred") != y_pred and not abs(y_prob - self.thresholds[name]) <= tie(tolerance):  # NaN is no tie
            self._fault(name, kept, f"y_pred {y_pred} in the batch, {one.get('y_pred')} alone")

    def _fault(self, name: str, kept: _Kept, what: str) -> None:
        self._faults.setdefault(name, []).append(f"{kept.place}: {what}")

    def fault(self, name: str) -> str | None:
        """What differed for one model: how often, and the first."""
        faults = self._faults.get(name, [])
        return f"{len(faults)} of {len(self._kept)} windows differ; {faults[0]}" if faults else None

    def scores(self, name: str, source_f04: str) -> dict[int, float]:
        """What ``/infer`` said of one model, by row of a dataset; NaN where it gave no number."""
        return self._alone.get((name, source_f04), {})

    def differing(self, name: str) -> int:
        """How many windows one model answered otherwise."""
        return len(self._faults.get(name, []))

    @property
    def size(self) -> int:
        """How many windows were kept."""
        return len(self._kept)


def sample_rows(datasets: Iterable[Dataset]) -> dict[str, list[int]]:
    """Which rows of each dataset are asked again: deterministic, spread evenly."""
    return {
        dataset.source_f04: np.unique(np.linspace(0, dataset.rows - 1, PER_DATASET).astype(np.int64)).tolist()
        for dataset in datasets
        if dataset.rows
    }
