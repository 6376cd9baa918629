from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_f07.results.scores import BINS, SHOWN_ROWS, RowBlock, Scores, short_window_text
from pytest_f07.variant.dataset import UNLABELLED

quick = settings(derandomize=True, deadline=None)


def make_block(rows: list[tuple[list[int], int, float]], first: int = 0, threshold: float = 0.5) -> RowBlock:
    """Return a block of rows of window, label and score."""
    windows, labels, scores = zip(*rows, strict=True)
    y_prob = np.array(scores, np.float32)
    y_pred = (y_prob >= np.float32(threshold)).astype(np.int8)
    return RowBlock(first, pa.array(windows, pa.list_(pa.int64())), np.array(labels, np.int8), y_pred, y_prob)


def test_the_most_wrong_come_first_and_right_or_unlabelled_ones_never() -> None:
    scores = Scores(0.5)
    scores.add(make_block([([1], 1, 0.9), ([2], 0, 0.6), ([3], 1, 0.01), ([4], UNLABELLED, 1.0), ([5], 0, 0.95)]))
    assert [(example.row, example.window, example.label) for example in scores.most_wrong.rows] == [
        (2, "[3]", 1),
        (4, "[5]", 0),
        (1, "[2]", 0),
    ]
    assert [example.row for example in scores.nearest.rows] == [1, 0, 4, 2, 3]
    assert scores.nearest.rows[-1].label is None


def test_a_window_is_shown_once_with_its_first_row() -> None:
    scores = Scores(0.5)
    scores.add(make_block([([], 1, 0.1)] * 40 + [([7], 1, 0.2)]))
    scores.add(make_block([([], 1, 0.1)] * 40, first=41))
    assert [(example.row, example.window) for example in scores.most_wrong.rows] == [(0, "[]"), (40, "[7]")]


def test_scores_that_are_no_numbers_are_not_counted() -> None:
    scores = Scores(0.5)
    scores.add(make_block([([1], 1, np.nan), ([2], 0, np.nan)]))
    assert scores.by_label.sum() == 0
    assert scores.most_wrong.rows == scores.nearest.rows == []
    assert np.isnan(scores.curve()[1]).all()


def test_scores_outside_of_0_and_1_fall_into_the_outer_bins() -> None:
    scores = Scores(0.5)
    scores.add(make_block([([1], 1, 7.5), ([2], 0, -3.0), ([3], 1, 1.0), ([4], 0, 0.0)]))
    assert scores.by_label[1, BINS - 1] == scores.by_label[0, 0] == 2
    assert scores.outside.tolist() == [1, 1]


ROWS = st.lists(
    st.tuples(st.lists(st.integers(0, 3), max_size=2), st.sampled_from([0, 1, UNLABELLED]), st.floats(0, 1, width=32)),
    min_size=1,
    max_size=80,
)


@quick
@given(ROWS, st.integers(1, 80))
def test_blocks_of_any_size_give_the_same_curve_and_the_smallest_keys(
    rows: list[tuple[list[int], int, float]], size: int
) -> None:
    scores = Scores(0.5)
    for first in range(0, len(rows), size):
        scores.add(make_block(rows[first : first + size], first))
    thresholds, precision, recall = scores.curve()
    for place in (0, 250, 999):
        predicted = [
            label for _, label, y_prob in rows if label != UNLABELLED and int(np.float32(y_prob) * BINS) >= place
        ]
        ones = sum(label == 1 for _, label, _ in rows)
        assert thresholds[place] == place / BINS
        assert precision[place] == pytest.approx(
            predicted.count(1) / len(predicted) if predicted else np.nan, nan_ok=True
        )
        assert recall[place] == pytest.approx(predicted.count(1) / ones if ones else np.nan, nan_ok=True)
    distances = sorted({abs(np.float32(y_prob) - np.float32(0.5)) for _, _, y_prob in rows})
    shown = [abs(np.float32(example.y_prob) - np.float32(0.5)) for example in scores.nearest.rows]
    assert shown == sorted(shown)
    assert shown[0] == distances[0]
    assert len(shown) <= SHOWN_ROWS


def test_a_long_window_is_cut_and_says_so() -> None:
    assert short_window_text(pa.array([1, 5, 2])) == "[1,5,2]"
    assert short_window_text(pa.array(range(384))).endswith(",22,23,… 384 codes]")
