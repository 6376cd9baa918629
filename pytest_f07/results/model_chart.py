"""Describe the picture of one model: its scores by label, and precision and recall at every threshold."""

from __future__ import annotations

import math

import numpy as np

from pytest_f07.results import formulas
from pytest_f07.results.chart import KEY_X, KEY_Y, LEFT, Chart, Column, Shape, key, line, mark, rule, steps, text
from pytest_f07.results.metrics import Metrics
from pytest_f07.results.scores import BINS, Scores

POSITIONS = 100
STEP = 3.9
SPAN = STEP * POSITIONS
ABOVE, BELOW = (14.0, 112.0), (136.0, 232.0)  # top and bottom of the two parts
DIGITS = 4


def describe_scores(metrics: Metrics, scores: Scores, has_scores: bool) -> Chart:
    """Return the picture.

    :param has_scores: False where the server gives labels alone.
    """
    zeros, ones = (
        [int(count) for count in counts]
        for counts in scores.by_label.reshape(2, POSITIONS, BINS // POSITIONS).sum(axis=2)
    )
    _, precision, recall = ([_known(value) for value in values[:: BINS // POSITIONS]] for values in scores.curve())
    threshold_x = LEFT + SPAN * min(max(scores.threshold, 0.0), 1.0)
    here = [
        formulas.precision(metrics) if metrics.tp + metrics.fp else None,
        formulas.recall(metrics) if metrics.tp + metrics.fn else None,
    ]
    precision_text, recall_text = ("undefined" if value is None else f"{value:.4f}" for value in here)
    shapes = [*_axes(max(*zeros, *ones, 1)), *_histograms(zeros, ones)]
    shapes += [line(_curve(precision), "f07-blue-line"), line(_curve(recall), "f07-orange-dashes")]
    shapes.append(rule(threshold_x, ABOVE[0], threshold_x, BELOW[1], "f07-dots"))
    for value, kind, style in zip(here, ("circle", "square"), ("f07-blue", "f07-orange"), strict=True):
        shapes += [] if value is None else [mark(kind, threshold_x, _share_y(value), style)]
    return Chart(
        title=f"Scores of {metrics.prediction_name}, and precision and recall over the threshold",
        description=(
            f"Scores of {metrics.prediction_name} by label, and precision and recall over the threshold. At today's "
            f"threshold {scores.threshold:g} precision is {precision_text} and recall {recall_text}."
        ),
        height=268,
        shapes=shapes,
        legend=(
            (key("f07-blue-area"), f"label 0 ({sum(zeros):,})"),
            (key("f07-orange-line"), f"label 1 ({sum(ones):,})"),
            (mark("circle", KEY_X, KEY_Y, "f07-blue"), "precision"),
            (mark("square", KEY_X, KEY_Y, "f07-orange"), "recall"),
            (key("f07-dots"), f"today's threshold, {scores.threshold:g}"),
        ),
        columns=(
            Column("score or threshold", [f"{place / POSITIONS:.2f}" for place in range(POSITIONS)]),
            Column("label 0", zeros),
            Column("label 1", ones),
            Column("precision", [_rounded(value) for value in precision]),
            Column("recall", [_rounded(value) for value in recall]),
        ),
        start=LEFT + STEP / 2,
        end=LEFT + SPAN - STEP / 2,
        selected=min(max(math.floor(scores.threshold * POSITIONS), 0), POSITIONS - 1),
        notes=_notes(scores, has_scores),
    )


def _notes(scores: Scores, has_scores: bool) -> list[str]:
    notes = []
    if not scores.by_label.any():
        notes.append(
            "No labelled row has a score that is a number." if has_scores else "The server gives labels alone."
        )
    if (lost := int(scores.not_numbers.sum())) and has_scores:
        notes.append(f"{lost:,} scores of labelled rows are not numbers, and stand in neither part.")
    if scores.outside.any():
        below_0, above_1 = scores.outside
        notes.append(f"{below_0:,} scores below 0 are drawn at 0, {above_1:,} above 1 at 1.")
    return notes


def _axes(most: int) -> list[Shape]:
    """Return the lines and numbers at the axes.

    :param most: windows in the largest bin.
    """
    shapes = []
    for power in range(len(str(most))):
        y = _count_y(10**power, most)
        shapes += [rule(LEFT, y, LEFT + SPAN, y), text(LEFT - 4, y + 4, _short_count(10**power), "end")]
    for share in (0, 0.5, 1):
        y = _share_y(share)
        shapes += [rule(LEFT, y, LEFT + SPAN, y), text(LEFT - 4, y + 4, f"{share:g}", "end")]
    for tick in (0, 0.2, 0.4, 0.6, 0.8, 1):
        x = LEFT + SPAN * tick
        shapes += [text(x, BELOW[1] + 15, f"{tick:g}", "middle")]
    shapes += [rule(LEFT, bottom, LEFT + SPAN, bottom, "f07-axis") for _, bottom in (ABOVE, BELOW)]
    shapes.append(text(LEFT + SPAN / 2, BELOW[1] + 31, "score (above), threshold (below)", "middle"))
    shapes.append(text(LEFT, ABOVE[0] - 4, "windows"))
    return shapes


def _histograms(zeros: list[int], ones: list[int]) -> list[Shape]:
    most, edges = max(*zeros, *ones, 1), [LEFT + STEP * place for place in range(POSITIONS + 1)]
    return [
        steps(edges, [_count_y(count, most) for count in counts], ABOVE[1], style)
        for counts, style in ((zeros, "f07-blue-area"), (ones, "f07-orange-line"))
        if any(counts)
    ]


def _curve(values: list[float | None]) -> list[tuple[float, float | None]]:
    return [(LEFT + STEP * place, None if value is None else _share_y(value)) for place, value in enumerate(values)]


def _count_y(count: int, most: int) -> float:
    """Return the height of a count: its logarithm, and 0 at the axis."""
    top, bottom = ABOVE
    return round(bottom - (bottom - top) * math.log10(1 + count) / math.log10(1 + most), 1)


def _share_y(share: float) -> float:
    top, bottom = BELOW
    return bottom - (bottom - top) * share


def _short_count(count: int) -> str:
    """Return ``100``, ``10k``, ``1M``: the space beside an axis is small."""
    for size, letter in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if count >= size:
            return f"{count // size}{letter}"
    return str(count)


def _known(value: np.float64) -> float | None:
    return None if np.isnan(value) else float(value)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)
