"""Find the threshold at which a model would have the best F1 on its own dataset."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pytest_f07.results.scores import BINS, Scores


@dataclass(frozen=True)
class BestThreshold:
    """The best threshold, to a thousandth, and what the metrics would be there."""

    threshold: float
    precision: float
    recall: float
    f1: float

    def sentence(self, threshold: float, f1: float) -> str:
        """Return what another threshold would give.

        :param threshold: the model's; ``f1`` its F1.
        """
        return (
            f"At the threshold {self.threshold:.3f} its F1 on these rows would be {self.f1:.4f} (precision "
            f"{self.precision:.4f}, recall {self.recall:.4f}); at {threshold:g} it is {f1:.4f}. No other in steps "
            "of 0.001 gives more. That is seen on these rows, and no promise for others."
        )


def find_best_threshold(scores: Scores) -> BestThreshold | None:
    """Return the threshold of the best F1, the largest of equals.

    :param scores: those of the labelled rows of the model's own dataset.
    :returns: None where nothing is labelled 1, or scores lie outside 0 to 1.
    """
    fp, tp = scores.by_label[:, ::-1].cumsum(axis=1)[:, ::-1]
    positives = int(tp[0])
    if not positives or scores.outside.any():
        return None
    # 2 TP / (TP + FP + TP + FN) is the harmonic mean of precision and recall.
    f1 = 2 * tp / (tp + fp + positives)
    best = BINS - 1 - int(np.argmax(f1[::-1]))
    predicted = int(tp[best] + fp[best])
    return BestThreshold(best / BINS, float(tp[best] / predicted), float(tp[best] / positives), float(f1[best]))
