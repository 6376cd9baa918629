"""Test what the figures show: texts, heights and places, held against the counts by plain arithmetic.

The two models differ in every number, so that no two of them can change places unnoticed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pyarrow as pa
import pytest

from pytest_f07.results import figures
from pytest_f07.results.audit import ModelAudit
from pytest_f07.results.canvas import INK
from pytest_f07.results.counting import LogCounts
from pytest_f07.results.metrics import Metrics
from pytest_f07.results.run_figures import describe_model, divide
from pytest_f07.results.scores import RowBlock, Scores
from pytest_f07.variant.paths import Outputs
from tests.unit.small_run import model


@dataclass(frozen=True)
class Drawn:
    """A model, and what F05 measured of it.

    :param y_prob: its scores by label.
    """

    name: str
    metrics: Metrics
    threshold: float
    y_prob: tuple[list[float], list[float]]
    f05: dict[str, float]


MODELS = [
    Drawn(
        "first",
        Metrics("first", tp=12, tn=3400, fp=5, fn=67),
        0.7,
        ([0.011, 0.012, 0.21, 0.95], [0.03, 0.81, 0.99]),
        {"precision": 0.81, "recall": 0.42, "f1": 0.53},
    ),
    Drawn(
        "second",
        Metrics("second", tp=40, tn=301, fp=23, fn=9),
        0.3,
        ([0.05, 0.33, 0.44, 0.55, 0.66], [0.29, 0.91]),
        {"precision": 0.31, "recall": 0.22, "f1": 0.13},
    ),
]
each_model = pytest.mark.parametrize("drawn", MODELS, ids=lambda drawn: drawn.name)


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return matplotlib's figures of a run of both models, each in a process of its own, by file name."""
    kept: list[Any] = []

    def keep(figure: Any) -> bytes:
        kept.append(figure)
        return str(len(kept) - 1).encode()

    monkeypatch.setattr(figures, "to_png", keep)
    out = Outputs(tmp_path)
    out.figures.mkdir(parents=True)
    audits = {drawn.name: ModelAudit(scores=scores_of(drawn)) for drawn in MODELS}
    models = [replace(model(drawn.name, "v401"), summary={"test_metrics": drawn.f05}) for drawn in MODELS]
    for drawings in divide(out, models, LogCounts({drawn.name: drawn.metrics for drawn in MODELS}, audits), 2):
        drawings.write()
    return {path.stem: kept[int(path.read_bytes())] for path in out.figures.iterdir()}


def scores_of(drawn: Drawn) -> Scores:
    scores = Scores(drawn.threshold)
    y_prob = np.array([*drawn.y_prob[0], *drawn.y_prob[1]], np.float32)
    labels = np.repeat(np.array([0, 1], np.int8), [len(drawn.y_prob[0]), len(drawn.y_prob[1])])
    windows = pa.array([[code] for code in range(len(labels))])
    scores.add(RowBlock(0, windows, labels, (y_prob >= np.float32(drawn.threshold)).astype(np.int8), y_prob))
    return scores


def ratios(metrics: Metrics) -> dict[str, float]:
    tp, fp, fn = metrics.tp, metrics.fp, metrics.fn
    return {"precision": tp / (tp + fp), "recall": tp / (tp + fn), "f1": 2 * tp / (2 * tp + fp + fn)}


def texts(labels: list[Any]) -> list[str]:
    return [label.get_text() for label in labels]


@each_model
def test_each_cell_of_the_confusion_matrix_holds_its_count_name_and_share(
    pictures: dict[str, Any], drawn: Drawn
) -> None:
    picture, counts = pictures[f"confusion_{drawn.name}"], drawn.metrics
    *texts_of_cells, title = picture.texts
    cells: dict[tuple[int, int], list[str]] = {}
    for text in texts_of_cells:
        # Labels are left of the cells, predictions below them.
        x, y = text.get_position()
        cells.setdefault((int(x > 0.17) + int(x > 0.57), int(y < 0.88) + int(y < 0.49) + int(y < 0.1)), []).append(
            text.get_text()
        )
    zeros, ones = counts.tn + counts.fp, counts.fn + counts.tp
    assert cells == {
        (0, 1): ["label 0"],
        (1, 1): [f"{counts.tn:,}", f"TN, {counts.tn / zeros:.1%}"],
        (2, 1): [f"{counts.fp:,}", f"FP, {counts.fp / zeros:.1%}"],
        (0, 2): ["label 1"],
        (1, 2): [f"{counts.fn:,}", f"FN, {counts.fn / ones:.1%}"],
        (2, 2): [f"{counts.tp:,}", f"TP, {counts.tp / ones:.1%}"],
        (1, 3): ["predicted 0"],
        (2, 3): ["predicted 1"],
    }
    assert title.get_text() == drawn.name
    shares = [counts.tn / zeros, counts.fp / zeros, counts.fn / ones, counts.tp / ones]
    hues = [mpl.colormaps[hue] for hue in ("Blues", "Oranges", "Oranges", "Blues")]
    assert [cell.get_facecolor() for cell in picture.artists] == [
        hue(share) for hue, share in zip(hues, shares, strict=True)
    ]
    corners = [(cell.get_x() > 0.5, cell.get_y() < 0.4) for cell in picture.artists]
    assert corners == [(False, False), (True, False), (False, True), (True, True)]


def luminance(color: Any) -> float:
    channels = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in mpl.colors.to_rgb(color)]
    return float(np.dot(channels, [0.2126, 0.7152, 0.0722]))


def contrast(one: Any, other: Any) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", figures.HUES)
def test_letters_stand_out_from_every_shade_of_a_cell(name: str) -> None:
    hue, white_from = figures.HUES[name]
    for share in np.linspace(0, 1, 101):
        color, other = ("white", INK) if share >= white_from else (INK, "white")
        cell = mpl.colormaps[hue](float(share))
        assert contrast(color, cell) > 3.5
        assert contrast(color, cell) > contrast(other, cell) - 0.35


def test_scores_that_are_not_numbers_stand_in_cells_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[Any] = []

    def keep(figure: Any) -> bytes:
        kept.append(figure)
        return b""

    monkeypatch.setattr(figures, "to_png", keep)
    audit = ModelAudit(scores=Scores(not_numbers=np.array([[3, 0], [1, 0]])))
    figures.draw_confusion(describe_model(Metrics("a", tp=5, tn=10, fp=2, fn=3), audit))
    shown = [text.get_text() for text in kept[0].texts]
    assert shown[1:7] == ["7", "TN, 58.3%", "2", "FP, 16.7%", "3", "NaN, 25.0%"]
    assert shown[8:14] == ["2", "FN, 25.0%", "5", "TP, 62.5%", "1", "NaN, 12.5%"]


@each_model
def test_the_scores_of_each_label_stand_under_their_name(pictures: dict[str, Any], drawn: Drawn) -> None:
    picture = pictures[f"scores_{drawn.name}"]
    above, _ = picture.axes
    assert texts(picture.texts) == [drawn.name]
    assert texts(above.get_legend().get_texts()) == [
        f"label {label} ({len(y_prob)})" for label, y_prob in enumerate(drawn.y_prob)
    ]
    for patch, y_prob in zip(above.patches, drawn.y_prob, strict=True):
        assert patch.get_data().values.tolist() == np.histogram(y_prob, np.linspace(0, 1, 51))[0].tolist()


@each_model
def test_precision_and_recall_are_drawn_over_their_threshold(pictures: dict[str, Any], drawn: Drawn) -> None:
    above, below = pictures[f"scores_{drawn.name}"].axes
    lines = {line.get_label(): line for line in below.lines}
    zeros, ones = map(np.array, drawn.y_prob)
    for threshold in (0.02, 0.25, 0.5, 0.9):
        tp, fp = int((ones >= threshold).sum()), int((zeros >= threshold).sum())
        for name, value in (("precision", tp / (tp + fp)), ("recall", tp / len(ones))):
            x, y = lines[name].get_data()
            assert y[int(np.argmin(np.abs(x - threshold)))] == pytest.approx(value), (name, threshold)
    values = ratios(drawn.metrics)
    for name, mark in (("precision", "o"), ("recall", "s")):
        [point] = [line for line in below.lines if line.get_marker() == mark]
        assert (list(point.get_xdata()), list(point.get_ydata())) == ([drawn.threshold], [values[name]])
        assert point.get_color() == lines[name].get_color()
    for axes in (above, below):
        [today] = [line for line in axes.lines if line.get_linestyle() == ":"]
        assert set(today.get_xdata()) == {drawn.threshold}
    assert below.get_xlabel().endswith(f"today's threshold, {drawn.threshold:g}")


def test_models_side_by_side_have_their_own_marks_filled_and_those_of_f05_hollow(pictures: dict[str, Any]) -> None:
    picture = pictures["comparison"]
    [axes] = picture.axes
    assert texts(axes.get_yticklabels()) == [drawn.name for drawn in MODELS]
    [legend] = picture.legends
    marks = {
        text.replace("F1", "f1"): (line.get_marker(), line.get_markerfacecolor())
        for text, line in zip(texts(legend.get_texts()), legend.legend_handles, strict=True)
    }
    hollow = marks.pop("hollow: F05, on its own test split")
    assert (list(marks), hollow[1]) == (["precision", "recall", "f1"], "white")
    drawn_marks = {
        (line.get_marker(), line.get_markerfacecolor()): list(zip(*line.get_data(), strict=True))
        for line in axes.lines
        if len(line.get_xdata())
    }
    for name, (mark, color) in marks.items():
        assert drawn_marks[mark, color] == [(ratios(drawn.metrics)[name], y) for y, drawn in enumerate(MODELS)]
        assert drawn_marks[mark, "white"] == [(drawn.f05[name], y) for y, drawn in enumerate(MODELS)]
