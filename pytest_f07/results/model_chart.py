"""Describe the picture of one model: its scores by label, and precision and recall at every threshold."""

from __future__ import annotations

import math

import numpy as np

from pytest_f07.results import formulas
from pytest_f07.results.chart import LEFT, Chart, Column, Shape, grid, key, line, mark, rule, steps, text
from pytest_f07.results.metrics import Metrics
from pytest_f07.results.scores import BINS, Scores

POSITIONS = 100
SPAN = 400
ABOVE, BELOW = (14.0, 112.0), (136.0, 232.0)  # top and bottom of the two parts
DIGITS = 3


def describe_scores(metrics: Metrics, scores: Scores, has_scores: bool, positions: int = POSITIONS) -> Chart:
    """Return the picture.

    :param has_scores: False where the server gives labels alone.
    :param positions: how many bins and thresholds are shown; the thousand that were counted are a multiple of it.
    """
    step = SPAN / positions
    zeros, ones = (
        [int(count) for count in counts]
        for counts in scores.by_label.reshape(2, positions, BINS // positions).sum(axis=2)
    )
    _, precision, recall = ([_known(value) for value in values[:: BINS // positions]] for values in scores.curve())
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
        title=f"Threshold of {metrics.prediction_name}",
        description=(
            f"Scores of {metrics.prediction_name} by label, and precision and recall over the threshold. At today's "
            f"threshold {scores.threshold:g} precision is {precision_text} and recall {recall_text}."
        ),
        height=268,
        shapes=shapes,
        legend=(
            (key("f07-blue-area"), f"label 0 ({sum(zeros):,})"),
            (key("f07-orange-line"), f"label 1 ({sum(ones):,})"),
            (key("f07-blue-line"), "precision"),
            (key("f07-orange-dashes"), "recall, dashed"),
            (key("f07-dots"), f"today's threshold, {scores.threshold:g}"),
        ),
        columns=(
            Column("score or threshold", [place / positions for place in range(positions)]),
            Column("label 0", zeros),
            Column("label 1", ones),
            Column("precision", [_rounded(value) for value in precision]),
            Column("recall", [_rounded(value) for value in recall]),
        ),
        start=LEFT + step / 2,
        end=LEFT + SPAN - step / 2,
        selected=min(max(math.floor(scores.threshold * positions), 0), positions - 1),
        notes=_notes(scores, has_scores),
    )


def _notes(scores: Scores, has_scores: bool) -> list[str]:
    notes = []
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
    powers = [10**power for power in range(len(str(most)))]
    heights = [(_count_y(count, most), _short_count(count)) for count in powers]
    heights += [(_share_y(share), f"{share:g}") for share in (0, 0.5, 1)]
    shapes = [grid((LEFT, y, LEFT + SPAN, y) for y, _ in heights)]
    shapes += [text(LEFT - 4, y + 4, title, "end") for y, title in heights]
    shapes += [text(LEFT + SPAN * tick, BELOW[1] + 15, f"{tick:g}", "mid") for tick in (0, 0.2, 0.4, 0.6, 0.8, 1)]
    shapes += [rule(LEFT, bottom, LEFT + SPAN, bottom, "f07-axis") for _, bottom in (ABOVE, BELOW)]
    shapes.append(text(LEFT + SPAN / 2, BELOW[1] + 31, "score (above), threshold (below)", "mid"))
    shapes.append(text(LEFT, ABOVE[0] - 4, "windows"))
    return shapes


def _histograms(zeros: list[int], ones: list[int]) -> list[Shape]:
    most, edges = max(*zeros, *ones, 1), np.linspace(LEFT, LEFT + SPAN, len(zeros) + 1).tolist()
    return [
        steps(edges, [_count_y(count, most) for count in counts], ABOVE[1], style)
        for counts, style in ((zeros, "f07-blue-area"), (ones, "f07-orange-line"))
        if any(counts)
    ]


def _curve(values: list[float | None]) -> list[tuple[float, float | None]]:
    step = SPAN / len(values)
    return [(LEFT + step * place, None if value is None else _share_y(value)) for place, value in enumerate(values)]


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
