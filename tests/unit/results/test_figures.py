"""Test the figures: the same counts give the same bytes, under any settings, and nothing timed is in them."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from pytest_f07.results import figures
from pytest_f07.results.audit import ModelAudit
from pytest_f07.results.figures import ComparisonPoint, draw_comparison, scores_figure
from pytest_f07.results.metrics import Metrics
from pytest_f07.results.run_figures import describe_model
from pytest_f07.results.scores import RowBlock, Scores
from pytest_f07.windows import Int64Array

NAME = "inverter_trip.cnn"
COUNTS = Metrics(NAME, tp=12, tn=3400, fp=5, fn=67)
RUNTIME = {"precision": 0.71, "recall": 0.15, "f1": 0.25}


def make_scores(y_prob: list[float], labels: list[int], threshold: float = 0.7) -> Scores:
    """Return the scores of a model, whose rows have a window each."""
    scores, probs = Scores(threshold), np.array(y_prob, np.float32)
    windows = pa.array([[code] for code in range(len(probs))])
    preds = (probs >= np.float32(threshold)).astype(np.int8)
    scores.add(RowBlock(0, windows, np.array(labels, np.int8), preds, probs))
    return scores


def draw_confusion(metrics: Metrics, not_numbers: Int64Array | None = None) -> bytes:
    scores = Scores() if not_numbers is None else Scores(not_numbers=not_numbers)
    return figures.draw_confusion(describe_model(metrics, ModelAudit(scores=scores)))


def draw_scores(metrics: Metrics, scores: Scores, has_scores: bool = True) -> bytes:
    with scores_figure() as figure:
        return figure.draw(describe_model(metrics, ModelAudit(scores=scores, has_scores=has_scores)))


SCORES = make_scores([0.1, 0.2, 0.65, 0.9, 0.95], [0, 0, 1, 0, 1])
POINTS = [ComparisonPoint(NAME, RUNTIME, {"f1": 0.8}), ComparisonPoint("b", RUNTIME, {})]
FIGURES: dict[str, Callable[[], bytes]] = {
    "confusion": lambda: draw_confusion(COUNTS),
    "scores": lambda: draw_scores(COUNTS, SCORES),
    "comparison": lambda: draw_comparison(POINTS),
}
each_figure = pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)


@each_figure
def test_the_same_counts_give_the_same_bytes(draw: Callable[[], bytes]) -> None:
    picture = draw()
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert draw() == picture
    with mpl.rc_context({"font.size": 30, "savefig.dpi": 30}):
        assert draw() == picture


def test_a_figure_that_is_drawn_for_one_model_after_the_other_shows_nothing_of_the_one_before() -> None:
    models = [
        (COUNTS, SCORES, True),
        (Metrics("w" * 100, 0, 0, 0, 0), Scores(), False),
        (Metrics("b", 10**6, 10**7, 5, 7), replace(SCORES, by_label=10**5 * SCORES.by_label, threshold=0.2), True),
        (Metrics("c", 1, 2, 3, 4), replace(SCORES, outside=np.array([3, 10**6])), True),
        (COUNTS, SCORES, True),
    ]
    with scores_figure() as figure:
        drawn = [
            figure.draw(describe_model(metrics, ModelAudit(scores=each, has_scores=has)))
            for metrics, each, has in models
        ]
    assert drawn == [draw_scores(*model) for model in models]
    assert len(set(drawn)) == len(models) - 1


@each_figure
def test_a_picture_holds_nothing_timed(draw: Callable[[], bytes]) -> None:
    content, chunks, start = draw(), set(), 8
    while start < len(content):
        chunks.add(content[start + 4 : start + 8])
        start += 12 + int.from_bytes(content[start : start + 4], "big")
    assert chunks == {b"IHDR", b"PLTE", b"pHYs", b"IDAT", b"IEND"}


OTHER_FIGURES = {
    "confusion, name": lambda: draw_confusion(replace(COUNTS, prediction_name="z")),
    "confusion, count": lambda: draw_confusion(replace(COUNTS, tp=13)),
    "confusion, one is not a number": lambda: draw_confusion(COUNTS, np.array([[1, 0], [0, 0]])),
    "scores, name": lambda: draw_scores(replace(COUNTS, prediction_name="z"), SCORES),
    "scores, precision": lambda: draw_scores(replace(COUNTS, fp=100), SCORES),
    "scores, threshold": lambda: draw_scores(COUNTS, replace(SCORES, threshold=0.6)),
    "scores, some outside": lambda: draw_scores(COUNTS, replace(SCORES, outside=np.array([3, 0]))),
    "scores, labels alone": lambda: draw_scores(COUNTS, Scores(), has_scores=False),
    "scores, none": lambda: draw_scores(COUNTS, Scores()),
    "scores, a label": lambda: draw_scores(COUNTS, make_scores([0.1, 0.2, 0.65, 0.9, 0.95], [0, 1, 1, 0, 1])),
    "comparison, F05": lambda: draw_comparison([ComparisonPoint(NAME, RUNTIME, {"f1": 0.7}), POINTS[1]]),
    "comparison, one": lambda: draw_comparison([ComparisonPoint(NAME, RUNTIME, {"f1": 0.8})]),
    "comparison, here": lambda: draw_comparison(
        [ComparisonPoint(NAME, {**RUNTIME, "recall": 0.9}, {"f1": 0.8}), ComparisonPoint("b", RUNTIME, {})]
    ),
}


@pytest.mark.parametrize(("case", "other"), OTHER_FIGURES.items(), ids=OTHER_FIGURES)
def test_other_numbers_or_another_name_are_another_picture(case: str, other: Callable[[], bytes]) -> None:
    assert other() != FIGURES[case.split(",")[0]]()


@pytest.mark.parametrize("counts", [(0, 0, 0, 0), (10**12, 0, 0, 7)])
@pytest.mark.parametrize("name", ["a", "a__b", "-.-", "w" * 100])
def test_any_counts_and_names_can_be_drawn(name: str, counts: tuple[int, int, int, int]) -> None:
    metrics, scores = Metrics(name, *counts), Scores()
    scores.by_label[:, [0, 999]] = np.reshape(counts, (2, 2))
    assert draw_confusion(metrics)
    assert draw_scores(metrics, scores)
    assert draw_comparison([ComparisonPoint(name, {"precision": 0.0, "recall": 1.0, "f1": 0.0}, {})] * 3)


def test_wrong_predictions_have_another_hue_than_right_ones() -> None:
    """Whatever the counts are: blue beside the letters of right cells, orange beside those of wrong ones."""
    picture = Image.open(io.BytesIO(draw_confusion(Metrics("a", tp=5, tn=5, fp=5, fn=5)))).convert("RGB")
    width, height = picture.size
    for label, prediction in np.ndindex(2, 2):
        place = round((0.23 + 0.4 * prediction) * width), round((0.315 + 0.39 * label) * height)
        red, _, blue = np.asarray(picture)[place[1], place[0]].astype(int)
        assert (blue > red + 50) == (label == prediction)
        assert (red > blue + 50) == (label != prediction)


@pytest.mark.parametrize("name", ["w" * 30, "W" * 100, "i" * 100])
def test_a_long_name_is_not_cut_off(name: str) -> None:
    """Its letters shrink: the first and last column of each picture stay empty."""
    pictures = (
        draw_confusion(Metrics(name)),
        draw_scores(Metrics(name), Scores()),
        draw_comparison([ComparisonPoint(name, RUNTIME, {})]),
    )
    for picture in pictures:
        pixels = np.asarray(Image.open(io.BytesIO(picture)).convert("L"))
        assert pixels[:, [0, -1]].min() == 255


def test_a_letter_that_the_font_lacks_does_not_end_a_run() -> None:
    """Warnings are errors here, as they may be in a host."""
    assert draw_confusion(replace(COUNTS, prediction_name="電池")) != draw_confusion(COUNTS)


def test_drawing_leaves_the_hosts_settings_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(mpl.rcParams, "font.size", 30)
    monkeypatch.setitem(mpl.rcParams, "backend", "svg")
    before = dict(mpl.rcParams)
    draw_confusion(COUNTS)
    assert dict(mpl.rcParams) == before
