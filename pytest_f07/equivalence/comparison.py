"""Compare the logged predictions of one model with the oracle's, which are F05's (specification §8)."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pytest_f07.equivalence.cause import Cases
from pytest_f07.equivalence.repeats import RepeatFault
from pytest_f07.equivalence.tolerance import SCORE_TOLERANCE, TIE, score_difference
from pytest_f07.variant.wording import agreeing, counted
from pytest_f07.windows import Float32Array, Float64Array, Int8Array, Int64Array

Place = tuple[str, int] | None  # dataset and row
Mask = npt.NDArray[np.bool_]


@dataclass
class Equivalence:
    """The differences between the logged predictions of one model and the oracle's.

    :param threshold: of the model; ``tolerance`` of its scores; ``smallest_tie``: see :attr:`tie`.
    :param with_oracle: whether it was asked at all; ``asked`` about how many distinct windows.
    :param windows: logged windows that were compared, of ``emissions``.
    :param largest_difference: between two scores of one window that are numbers.
    :param noise: the same, only of those within the tolerance with the same label.
    :param smallest_distance: of an oracle's score from the threshold; infinite where none was a number.
    :param repeats: the windows with unequal scores.
    :param missing: by dataset, windows for which only the oracle has a number; ``without_number``, those for which
        neither has one; ``hidden``, those for which the server gives a number, or a label alone, and the oracle none.
    :param wrong: windows that differ however wide a tie is; ``clear_flips`` of them in the label.
    :param example: the first two of them.
    :param has_scores: False where the server gives labels alone.
    :param cases: some of them, and some that agree; None where the oracle was not asked.
    """

    threshold: float
    tolerance: float = SCORE_TOLERANCE
    smallest_tie: float = TIE
    with_oracle: bool = True
    asked: int = 0
    windows: int = 0
    emissions: int = 0
    largest_difference: float = 0.0
    noise: float = 0.0
    smallest_distance: float = math.inf
    repeats: RepeatFault = field(default_factory=RepeatFault)
    wrong: int = 0
    clear_flips: int = 0
    _reordered: bool = False
    example: str = ""
    missing: Counter[str] = field(default_factory=Counter)
    without_number: Counter[str] = field(default_factory=Counter)
    hidden: Counter[str] = field(default_factory=Counter)
    has_scores: bool = True
    cases: Cases | None = None
    _doubtful: list[Float64Array] = field(default_factory=list)
    _doubtful_example: tuple[float, str, Place] = (0.0, "", None)
    _first_wrong: Place = None

    @property
    def tie(self) -> float:
        """Return how near to the threshold a label may fall either way: as far as kernels differ on these windows."""
        return max(self.smallest_tie, self.noise)

    @property
    def _flipped_beyond_tie(self) -> int:
        return int(sum((distances > self.tie).sum() for distances in self._doubtful))

    @property
    def flipped(self) -> int:
        """Return how many windows have another label, and no tie excuses it."""
        return self.clear_flips + self._flipped_beyond_tie

    @property
    def differing(self) -> int:
        """Return how many windows have another score or label."""
        return self.wrong + self._flipped_beyond_tie

    @property
    def share(self) -> float:
        """Return how much of the model's predictions is proven, from 0 to 1."""
        return self.windows / self.emissions if self.emissions else 0.0

    @property
    def proven(self) -> str:
        """Return the share in words."""
        if not self.with_oracle:
            return "not proven"
        return "100 %" if self.share == 1 else f"{math.floor(self.share * 1000) / 10:.1f} %"

    @property
    def fault(self) -> str | None:
        """Return how many windows differ, by how much, and the first; None where none does."""
        if not self.differing:
            return None
        order = "; the scores are right and stand at wrong rows" if self._reordered else ""
        cause = f"; {sentence}" if self.cases and (sentence := self.cases.sentence) else ""
        size = f" by up to {self.largest_difference:.3g}" if self.largest_difference > self.tolerance else ""
        example = self.example or self._doubtful_example[1]
        differ = agreeing(self.differing, "differs", "differ")
        return (
            f"{self.differing:,} of {counted(self.windows, 'window')} {differ}{size}, "
            f"{self.flipped:,} of them in the label{order}{cause}; the first: {example}"
        )

    @property
    def place(self) -> Place:
        """Return dataset and row of the window that :attr:`fault` shows; None where none differs."""
        return self._first_wrong or self._doubtful_example[2]

    def row(self) -> dict[str, str | int | float | None]:
        """Return the values that JUnit and the metadata show."""
        return {
            "equivalence": self.proven,
            "equivalence_windows": self.asked,
            "equivalence_share": self.share,
            "equivalence_largest_difference": self.largest_difference if self.has_scores else None,
            "equivalence_least_distance": self.smallest_distance if math.isfinite(self.smallest_distance) else None,
        }

    def compare(
        self, dataset: str, rows: Int64Array, y_pred: Int8Array, y_prob: Float32Array | None, oracle: Float32Array
    ) -> Mask:
        """Compare rows of a dataset with the oracle's scores, all of one length, and return which are wrong.

        :param y_prob: None where the server gives labels alone: then they are compared, and no score.
        """
        threshold = np.float32(self.threshold)
        scores = oracle if y_prob is None else y_prob
        difference = score_difference(scores, oracle)
        distance = np.abs(oracle.astype(np.float64) - float(threshold))
        is_number, is_near = np.isfinite(oracle), difference <= self.tolerance
        is_missing = np.zeros(len(rows), np.bool_) if y_prob is None else ~np.isfinite(y_prob)
        self.has_scores = y_prob is not None
        self.hidden[dataset] += int((~is_missing & ~is_number).sum())
        self.missing[dataset] += int((is_missing & is_number).sum())
        self.without_number[dataset] += int((is_missing & ~is_number).sum())
        other_label = y_pred != (oracle >= threshold)
        # How wide a tie is will be known at the end.
        doubtful = other_label & is_near & (distance > self.smallest_tie) & (distance <= self.tolerance)
        flipped = other_label & ~(distance <= self.smallest_tie) & ~doubtful
        wrong: Mask = ~is_near | flipped
        self.windows += len(rows)
        self.clear_flips += int(flipped.sum())
        self.wrong += int(wrong.sum())
        self.largest_difference = float(difference[np.isfinite(difference)].max(initial=self.largest_difference))
        self.noise = float(difference[is_near & ~other_label].max(initial=self.noise))
        self.smallest_distance = float(distance[is_number].min(initial=self.smallest_distance))
        labels = y_pred if y_prob is None else None
        if doubtful.any():
            self._doubtful.append(distance[doubtful])
            at = int(np.where(doubtful, distance, -1).argmax())
            if distance[at] > self._doubtful_example[0]:
                example = _example(dataset, rows, scores, oracle, labels, at)
                self._doubtful_example = float(distance[at]), example, (dataset, int(rows[at]))
        if wrong.any():
            self._reordered |= bool((~is_near).any()) and self._is_reordered(scores[wrong], oracle[wrong])
            if not self.example:
                [places] = np.nonzero(wrong)
                self._first_wrong = dataset, int(rows[places[0]])
                self.example = ", then ".join(_example(dataset, rows, scores, oracle, labels, at) for at in places[:2])
        return wrong

    def merge(self, later: Equivalence) -> None:
        """Add the comparison of later rows with the same oracle."""
        for name in ("windows", "emissions", "wrong", "clear_flips"):
            setattr(self, name, getattr(self, name) + getattr(later, name))
        for name in ("largest_difference", "noise", "_doubtful_example"):
            setattr(self, name, max(getattr(self, name), getattr(later, name)))
        self.smallest_distance = min(self.smallest_distance, later.smallest_distance)
        self._reordered |= later._reordered
        self.example = self.example or later.example
        self._first_wrong = self._first_wrong or later._first_wrong
        self.missing.update(later.missing)
        self.without_number.update(later.without_number)
        self.hidden.update(later.hidden)
        self.has_scores = self.has_scores and later.has_scores
        self._doubtful += later._doubtful
        if self.cases and later.cases:
            self.cases.merge(later.cases)

    def _is_reordered(self, y_prob: Float32Array, oracle: Float32Array) -> bool:
        """Return whether the scores are the oracle's, at other rows."""
        return bool(np.all(np.abs(np.sort(y_prob) - np.sort(oracle)) <= self.tolerance))


def _example(
    dataset: str, rows: Int64Array, y_prob: Float32Array, oracle: Float32Array, labels: Int8Array | None, at: int
) -> str:
    answer = f"y_prob {y_prob[at]}" if labels is None else f"y_pred {labels[at]}"
    expected = f"{oracle[at]}" if np.isfinite(oracle[at]) else "no number"
    return f"{dataset} row {rows[at]:,}: {answer} in the batch, {expected} by the oracle"
