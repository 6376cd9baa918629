from __future__ import annotations

import numpy as np
import pytest

from pytest_f07.results.best_threshold import BestThreshold, find_best_threshold
from pytest_f07.results.scores import BINS, Scores


def scores_of(y_prob: list[float], labels: list[int]) -> Scores:
    scores = Scores()
    for score, label in zip(y_prob, labels, strict=True):
        scores.by_label[label, min(BINS - 1, int(score * BINS))] += 1
        scores.outside += [score < 0, score > 1]
    return scores


@pytest.mark.parametrize("seed", range(5))
def test_no_threshold_gives_a_better_f1(seed: int) -> None:
    random = np.random.default_rng(seed)
    y_prob = (random.integers(0, BINS, 80) + 0.5) / BINS
    labels = (random.random(80) < y_prob).astype(int)
    best = find_best_threshold(scores_of(y_prob.tolist(), labels.tolist()))
    assert best is not None
    f1 = []
    for threshold in np.arange(BINS) / BINS:
        predicted = y_prob >= threshold
        f1.append(2 * (predicted & (labels == 1)).sum() / (predicted.sum() + labels.sum()))
    assert best.f1 == pytest.approx(max(f1), abs=1e-12)
    predicted = y_prob >= best.threshold
    assert best.precision == pytest.approx(labels[predicted].mean(), abs=1e-12)
    assert best.recall == pytest.approx(predicted[labels == 1].mean(), abs=1e-12)


@pytest.mark.parametrize("scores", [scores_of([], []), scores_of([0.2], [0]), scores_of([0.2, 1.5], [1, 1])])
def test_without_a_row_labelled_1_or_with_scores_outside_there_is_none(scores: Scores) -> None:
    assert find_best_threshold(scores) is None


def test_the_sentence_promises_nothing() -> None:
    assert BestThreshold(0.812, 0.5, 0.25, 1 / 3).sentence(0.5, 0.125) == (
        "At the threshold 0.812 its F1 on these rows would be 0.3333 (precision 0.5000, recall 0.2500); at 0.5 it is "
        "0.1250. No other in steps of 0.001 gives more. That is seen on these rows, and no promise for others."
    )
