"""Compare the server's answers with the oracle's, which are F05's (specification §8)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pytest_f07.equivalence.infer import InferCheck
from pytest_f07.equivalence.process import Oracle, wait_for_answer
from pytest_f07.equivalence.queries import OracleQueries
from pytest_f07.equivalence.sampler import RowScores
from pytest_f07.equivalence.tolerance import is_tie, score_difference
from pytest_f07.log.reader import LogReader
from pytest_f07.variant.dataset import Dataset
from pytest_f07.variant.package import Model
from pytest_f07.variant.wording import agreeing, counted
from pytest_f07.windows import Float32Array

BLOCK_ROWS = 4096


@dataclass
class Equivalence:
    """The differences between the server's answers of one model and the oracle's.

    :param windows: how many were compared; ``alone`` of them through ``/infer`` too.
    :param largest_difference: between two scores of one window that are numbers.
    :param smallest_distance: of an oracle's score from the threshold; infinite where none was a number.
    :param differing: windows with another score or label; ``flipped`` of them with another label.
    :param example: the first of them.
    """

    windows: int = 0
    alone: int = 0
    largest_difference: float = 0.0
    smallest_distance: float = math.inf
    differing: int = 0
    flipped: int = 0
    reordered: bool = False
    example: str = ""

    @property
    def fault(self) -> str | None:
        """Return how many windows differ, by how much, and the first; None where none does."""
        if not self.differing:
            return None
        order = "; the scores are right and stand at wrong rows" if self.reordered else ""
        size = f" by up to {self.largest_difference:.3g}" if self.largest_difference else ""
        differ = agreeing(self.differing, "differs", "differ")
        return (
            f"{self.differing:,} of {counted(self.windows, 'window')} {differ}{size}, "
            f"{self.flipped:,} of them in the label{order}; {self.example}"
        )

    def row(self) -> dict[str, int | float | None]:
        """Return the values that JUnit and the metadata show."""
        return {
            "equivalence_windows": self.windows,
            "equivalence_largest_difference": self.largest_difference,
            "equivalence_least_distance": self.smallest_distance if math.isfinite(self.smallest_distance) else None,
        }

    def compare(self, model: Model, scores: RowScores, oracle: Float32Array, infer: Mapping[int, float]) -> None:
        """Compare rows of the model's own dataset with the oracle's scores.

        :param infer: what ``/infer`` answered, by row.
        """
        threshold = np.float32(model.threshold)
        difference = score_difference(scores.y_prob, oracle)
        places = np.nonzero(np.isin(scores.rows, list(infer)))[0]
        infer_difference = np.zeros(len(oracle))
        alone = [infer[row] for row in scores.rows[places].tolist()]
        infer_difference[places] = score_difference(alone, oracle[places])
        flipped = (scores.y_pred != (oracle >= threshold)) & ~is_tie(oracle, model.threshold, model.tolerance)
        differing = ~(np.maximum(difference, infer_difference) <= model.tolerance) | flipped
        is_number = np.isfinite(oracle)
        self.windows += len(oracle)
        self.alone += len(places)
        self.flipped += int(flipped.sum())
        self.differing += int(differing.sum())
        differences = np.concatenate([difference, infer_difference])
        self.largest_difference = float(differences[np.isfinite(differences)].max(initial=self.largest_difference))
        if is_number.any():
            self.smallest_distance = min(self.smallest_distance, float(np.abs(oracle - threshold)[is_number].min()))
        if differing.any():
            self.reordered |= bool((difference > model.tolerance).any()) and _is_reordered(
                scores.y_prob, oracle, model.tolerance
            )
            first = int(differing.argmax())
            in_batch = difference[first] > model.tolerance or flipped[first]
            row = int(scores.rows[first])
            answer = f"{scores.y_prob[first]} in the batch" if in_batch else f"{infer[row]} by /infer"
            expected = oracle[first] if is_number[first] else "no number"
            self.example = (
                self.example or f"the first: {model.source_f04} row {row:,}: y_prob {answer}, {expected} by the oracle"
            )


def _is_reordered(y_prob: Float32Array, oracle: Float32Array, tolerance: float) -> bool:
    """Return whether the scores are the oracle's, at other rows."""
    return bool(np.all(np.abs(np.sort(y_prob) - np.sort(oracle)) <= tolerance))


def compare_with_oracle(
    oracle: Oracle | None,
    queries: OracleQueries | None,
    parquet: Path,
    models: Sequence[Model],
    datasets: Sequence[Dataset],
    infer_check: InferCheck,
) -> dict[str, Equivalence]:
    """Return by prediction_name how far the log is from the oracle; nothing where the oracle was not started.

    :param queries: what was asked while the replay ran; None to ask about every window of each own dataset.
    """
    if queries is not None:
        return _compare_samples(models, queries, infer_check)
    if oracle is not None:
        return _compare_all(oracle, parquet, models, datasets, infer_check)
    return {}


def _compare_samples(
    models: Sequence[Model], queries: OracleQueries, infer_check: InferCheck
) -> dict[str, Equivalence]:
    results = {model.prediction_name: Equivalence() for model in models}
    for model in models:
        name = model.prediction_name
        if name in queries.answers:  # an empty dataset asks nothing
            scores, answer = queries.answers[name]
            results[name].compare(model, scores, wait_for_answer(answer), infer_check.scores(name, model.source_f04))
    return results


def _compare_all(
    oracle: Oracle, parquet: Path, models: Sequence[Model], datasets: Sequence[Dataset], infer_check: InferCheck
) -> dict[str, Equivalence]:
    results = {model.prediction_name: Equivalence() for model in models}
    for column, model in enumerate(models):
        name = model.prediction_name
        infer = infer_check.scores(name, model.source_f04)
        for scores in _own_scores(parquet, column, model, len(models), datasets):
            answer = oracle.ask(name, scores.rows.tolist())
            results[name].compare(model, scores, wait_for_answer(answer), infer)
    return results


def _own_scores(
    parquet: Path, column: int, model: Model, models: int, datasets: Sequence[Dataset]
) -> Iterator[RowScores]:
    """Yield the logged scores of a model's own dataset that are numbers, in blocks."""
    rows_before = 0
    for dataset in datasets:
        if dataset.source_f04 == model.source_f04:
            with LogReader(parquet, models, first_window=rows_before) as log:
                for first_row in range(0, dataset.rows, BLOCK_ROWS):
                    block = log.take(min(BLOCK_ROWS, dataset.rows - first_row))
                    y_pred, y_prob = block.y_pred[:, column], block.y_prob[:, column]
                    scores = RowScores(np.arange(first_row, first_row + len(block)), y_pred, y_prob)
                    yield scores.take(np.nonzero(np.isfinite(y_prob))[0])
        rows_before += dataset.rows
