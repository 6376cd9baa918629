from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pytest_f07.results.chart import LEFT
from pytest_f07.results.metrics import Metrics
from pytest_f07.results.model_chart import ABOVE, BELOW, SPAN, describe_scores
from pytest_f07.results.scores import Scores


def make_scores(zeros: dict[int, int], ones: dict[int, int], **values: Any) -> Scores:
    """Return scores, so many in each thousandth."""
    scores = Scores(**values)
    for label, counts in enumerate((zeros, ones)):
        for thousandth, count in counts.items():
            scores.by_label[label, thousandth] = count
    return scores


METRICS = Metrics("a", tp=3, tn=4, fp=1, fn=2)
SCORES = make_scores({0: 4, 719: 1}, {255: 2, 720: 3}, threshold=0.7)


def values(scores: Scores, title: str) -> list[Any]:
    [column] = [column for column in describe_scores(METRICS, scores, True).columns if column.title == title]
    return list(column.values)


def test_the_values_at_a_score_are_its_windows_and_the_metrics_of_that_threshold() -> None:
    assert values(SCORES, "score or threshold")[:3] == [0, 0.01, 0.02]
    assert {place: count for place, count in enumerate(values(SCORES, "label 0")) if count} == {0: 4, 71: 1}
    assert {place: count for place, count in enumerate(values(SCORES, "label 1")) if count} == {25: 2, 72: 3}
    precision, recall = values(SCORES, "precision"), values(SCORES, "recall")
    assert (precision[0], precision[70], precision[72], precision[73]) == (0.5, 0.75, 1.0, None)
    assert (recall[0], recall[26], recall[73]) == (1.0, 0.6, 0.0)


def test_todays_threshold_is_selected_and_marked_with_the_runs_own_metrics() -> None:
    chart = describe_scores(METRICS, SCORES, True)
    assert chart.selected == 70
    marks = {shape.style: shape.attributes for shape in chart.shapes if shape.tag in ("circle", "rect")}
    top, bottom = BELOW
    assert marks["f07-blue"]["cx"] == pytest.approx(LEFT + 0.7 * SPAN, abs=0.1)
    assert marks["f07-blue"]["cy"] == pytest.approx(bottom - 0.75 * (bottom - top), abs=0.1)
    assert "precision is 0.7500 and recall 0.6000" in chart.description


def test_the_largest_count_reaches_the_top_and_none_stays_at_the_axis() -> None:
    [area] = [shape for shape in describe_scores(METRICS, SCORES, True).shapes if shape.style == "f07-blue-area"]
    assert str(area.attributes["d"]).startswith(f"M{LEFT} {ABOVE[1]:.0f}H{LEFT}V{ABOVE[0]:.0f}H")


@pytest.mark.parametrize("threshold", [-1.0, 0.0, 1.0, 7.0])
def test_a_threshold_anywhere_is_drawn_within_the_picture(threshold: float) -> None:
    chart = describe_scores(METRICS, make_scores({0: 1}, {999: 1}, threshold=threshold), True)
    assert 0 <= chart.selected < chart.positions
    [marked] = [shape.attributes["cx"] for shape in chart.shapes if shape.tag == "circle"]
    assert LEFT <= float(marked) <= LEFT + SPAN


NOTES = {
    "nothing": (SCORES, True, []),
    "not a number": (
        make_scores({0: 1}, {}, not_numbers=np.array([[5, 0], [1, 0]])),
        True,
        ["6 scores of labelled rows are not numbers, and stand in neither part."],
    ),
    "outside": (
        make_scores({0: 2}, {}, outside=np.array([2, 0])),
        True,
        ["2 scores below 0 are drawn at 0, 0 above 1 at 1."],
    ),
}


@pytest.mark.parametrize(("scores", "has_scores", "notes"), NOTES.values(), ids=NOTES)
def test_what_cannot_be_seen_is_said(scores: Scores, has_scores: bool, notes: list[str]) -> None:
    assert describe_scores(METRICS, scores, has_scores).notes == notes


def test_an_undefined_metric_has_no_mark() -> None:
    chart = describe_scores(Metrics("a", tn=4, fn=2), SCORES, True)
    assert [shape.style for shape in chart.shapes if shape.tag in ("circle", "rect")] == ["f07-orange"]
    assert "precision is undefined and recall 0.0000" in chart.description
