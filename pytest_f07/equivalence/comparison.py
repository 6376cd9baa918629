"""Compare the logged predictions of one model with the oracle's, which are F05's (specification §8)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pytest_f07.equivalence.repeats import RepeatFault
from pytest_f07.equivalence.tolerance import SCORE_TOLERANCE, TIE, Float64Array, score_difference
from pytest_f07.variant.wording import agreeing, counted
from pytest_f07.windows import Float32Array, Int8Array, Int64Array

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
    :param repeats: whether equal windows have equal scores.
    :param wrong: windows that differ however wide a tie is; ``clear_flips`` of them in the label.
    :param example: the first two of them.
    :param cause: what they have in common; "" where nothing is seen.
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
    cause: str = ""
    _doubtful: list[Float64Array] = field(default_factory=list)
    _doubtful_example: tuple[float, str] = (0.0, "")

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
        cause = f"; {self.cause}" if self.cause else ""
        size = f" by up to {self.largest_difference:.3g}" if self.largest_difference > self.tolerance else ""
        example = self.example or self._doubtful_example[1]
        differ = agreeing(self.differing, "differs", "differ")
        return (
            f"{self.differing:,} of {counted(self.windows, 'window')} {differ}{size}, "
            f"{self.flipped:,} of them in the label{order}{cause}; the first: {example}"
        )

    def row(self) -> dict[str, str | int | float | None]:
        """Return the values that JUnit and the metadata show."""
        return {
            "equivalence": self.proven,
            "equivalence_windows": self.asked,
            "equivalence_share": self.share,
            "equivalence_largest_difference": self.largest_difference,
            "equivalence_least_distance": self.smallest_distance if math.isfinite(self.smallest_distance) else None,
        }

    def compare(
        self, dataset: str, rows: Int64Array, y_pred: Int8Array, y_prob: Float32Array, oracle: Float32Array
    ) -> Mask:
        """Compare rows of a dataset with the oracle's scores, all of one length, and return which are wrong."""
        threshold = np.float32(self.threshold)
        difference = score_difference(y_prob, oracle)
        distance = np.abs(oracle.astype(np.float64) - float(threshold))
        is_number, is_near = np.isfinite(oracle), difference <= self.tolerance
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
        if doubtful.any():
            self._doubtful.append(distance[doubtful])
            at = int(np.where(doubtful, distance, -1).argmax())
            if distance[at] > self._doubtful_example[0]:
                self._doubtful_example = float(distance[at]), _example(dataset, rows[at], y_prob[at], oracle[at])
        if wrong.any():
            self._reordered |= bool((~is_near).any()) and self._is_reordered(y_prob[wrong], oracle[wrong])
            if not self.example:
                [places] = np.nonzero(wrong)
                self.example = ", then ".join(_example(dataset, rows[at], y_prob[at], oracle[at]) for at in places[:2])
        return wrong

    def _is_reordered(self, y_prob: Float32Array, oracle: Float32Array) -> bool:
        """Return whether the scores are the oracle's, at other rows."""
        return bool(np.all(np.abs(np.sort(y_prob) - np.sort(oracle)) <= self.tolerance))


def _example(dataset: str, row: int, y_prob: np.float32, oracle: np.float32) -> str:
    expected = oracle if np.isfinite(oracle) else "no number"
    return f"{dataset} row {row:,}: y_prob {y_prob} in the batch, {expected} by the oracle"
