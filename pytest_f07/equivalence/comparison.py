"""Is the runtime what F05 was? What the server answered, held against the oracle (specification §8)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pytest_f07.equivalence.infer import Sampled, tie
from pytest_f07.equivalence.process import Oracle, answer_of
from pytest_f07.equivalence.sampler import Questions, Scored
from pytest_f07.log.reader import LoggedRows
from pytest_f07.variant.dataset import Dataset
from pytest_f07.variant.package import Model
from pytest_f07.windows import Float32Array

BLOCK = 4096


@dataclass
class Equivalence:
    """How far the server's answers of one model are from the oracle's.

    :param windows: how many were compared; ``alone`` of them through ``/infer`` too.
    :param largest_difference: between two scores of one window that are numbers.
    :param least_distance: of an oracle's score from the threshold; infinite where none was a number.
    :param differing: windows with another score or label; ``flipped`` of them with another label.
    :param example: the first of them.
    """

    windows: int = 0
    alone: int = 0
    largest_difference: float = 0.0
    least_distance: float = math.inf
    differing: int = 0
    flipped: int = 0
    reordered: bool = False
    example: str = ""

    @property
    def fault(self) -> str | None:
        """What differs: how often, by how much, and the first."""
        if not self.differing:
            return None
        order = "; the scores are right and stand at wrong rows" if self.reordered else ""
        size = f" by up to {self.largest_difference:.3g}" if self.largest_difference else ""
        return (
            f"{self.differing:,} of {self.windows:,} windows differ{size}, "
            f"{self.flipped:,} of them in the label{order}; {self.example}"
        )

    def row(self) -> dict[str, int | float | None]:
        """What JUnit and the metadata say of it."""
        return {
            "equivalence_windows": self.windows,
            "equivalence_largest_difference": self.largest_difference,
            "equivalence_least_distance": self.least_distance if math.isfinite(self.least_distance) else None,
        }

    def compare(self, model: Model, scored: Scored, oracle: Float32Array, alone: Mapping[int, float]) -> None:
        """Hold rows of the model's own dataset against the oracle's scores.

        :param alone: what ``/infer`` said of some rows.
        """
        threshold = np.float32(model.threshold)
        distance = np.abs(oracle - threshold)
        off = _difference(scored.y_prob, oracle)
        places = np.nonzero(np.isin(scored.rows, list(alone)))[0]
        off_alone = np.zeros(len(oracle))
        off_alone[places] = _difference(np.array([alone[row] for row in scored.rows[places].tolist()]), oracle[places])
        flipped = (scored.y_pred != (oracle >= threshold)) & ~(distance <= tie(model.tolerance))
        differing = ~(np.maximum(off, off_alone) <= model.tolerance) | flipped
        number = np.isfinite(oracle)
        self.windows += len(oracle)
        self.alone += len(places)
        self.flipped += int(flipped.sum())
        self.differing += int(differing.sum())
        apart = np.concatenate([off, off_alone])
        self.largest_difference = float(apart[np.isfinite(apart)].max(initial=self.largest_difference))
        if number.any():
            self.least_distance = min(self.least_distance, float(distance[number].min()))
        if differing.any():
            apart_too_far = bool((off > model.tolerance).any())
            self.reordered |= apart_too_far and _same_in_another_order(scored.y_prob, oracle, model.tolerance)
            first = int(differing.argmax())
            batch = off[first] > model.tolerance or flipped[first]
            row = int(scored.rows[first])
            found = f"{scored.y_prob[first]} in the batch" if batch else f"{alone[row]} by /infer"
            said = oracle[first] if number[first] else "no number"
            self.example = (
                self.example or f"the first: {model.source_f04} row {row:,}: y_prob {found}, {said} by the oracle"
            )


def _difference(y_prob: np.ndarray, oracle: np.ndarray) -> np.ndarray:
    """Infinite where one is a number and the other is not; 0 where neither is."""
    numbers = np.isfinite(y_prob).astype(int) + np.isfinite(oracle)
    with np.errstate(invalid="ignore"):
        off = np.abs(y_prob.astype(np.float64) - oracle.astype(np.float64))
    return np.select([numbers == 2, numbers == 0], [off, 0.0], math.inf)


def _same_in_another_order(y_prob: Float32Array, oracle: Float32Array, tolerance: float) -> bool:
    return bool(np.all(np.abs(np.sort(y_prob) - np.sort(oracle)) <= tolerance))


def compare_chosen(models: Sequence[Model], questions: Questions, sampled: Sampled) -> dict[str, Equivalence]:
    """``equivalence: sample``: what was chosen and asked while the replay ran."""
    found = {model.prediction_name: Equivalence() for model in models}
    for model in models:
        if model.prediction_name in questions.asked:  # an empty dataset asks nothing
            scored, asked = questions.asked[model.prediction_name]
            alone = sampled.scores(model.prediction_name, model.source_f04)
            found[model.prediction_name].compare(model, scored, answer_of(asked), alone)
    return found


def compare_all(
    oracle: Oracle, parquet: Path, models: Sequence[Model], datasets: Sequence[Dataset], sampled: Sampled
) -> dict[str, Equivalence]:
    """``equivalence: full``: every window of each model's own dataset whose score is a number, from the log."""
    found = {model.prediction_name: Equivalence() for model in models}
    for index, model in enumerate(models):
        alone = sampled.scores(model.prediction_name, model.source_f04)
        asked = ((one, oracle.ask(model.prediction_name, one.rows.tolist())) for one in
                 _logged(parquet, index, model, len(models), datasets))  # fmt: skip
        for scored, answer in asked:
            found[model.prediction_name].compare(model, scored, answer_of(answer), alone)
    return found


def _logged(parquet: Path, index: int, model: Model, models: int, datasets: Sequence[Dataset]) -> Iterator[Scored]:
    with LoggedRows(parquet, ["y_pred", "y_prob"]) as log:
        for dataset in datasets:
            rows = dataset.rows
            for first in range(0, rows, BLOCK):
                size = min(BLOCK, rows - first)
                table = log.take(size * models)
                if dataset.source_f04 == model.source_f04:
                    y_pred, y_prob = (table[name].to_numpy()[index::models] for name in ("y_pred", "y_prob"))
                    scored = Scored(np.arange(first, first + size), y_pred, y_prob)
                    yield scored.at(np.nonzero(np.isfinite(y_prob))[0])
