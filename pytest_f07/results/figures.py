"""Draw the figures of the report.

Files under ``report/figures/`` hold nothing timed, and the same counts give the same bytes. Each quantity has a mark or
a line style of its own, so that a print in grey can be read. A process that draws imports no Arrow: what a figure shows
are plain numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pytest_f07.results import formulas
from pytest_f07.results.canvas import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    add_title,
    load_matplotlib,
    new_figure,
    set_title,
    shrink_texts,
    to_png,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MARKS = {"precision": (BLUE, "o"), "recall": (ORANGE, "s"), "f1": (GREEN, "D")}
# The colours of a cell, and the share from which on white letters stand out better on them than dark ones.
_RIGHT, _WRONG = ("Blues", 0.67), ("Oranges", 0.72)
HUES = {"TN": _RIGHT, "TP": _RIGHT, "FP": _WRONG, "FN": _WRONG, "NaN": ("Greys", 0.58)}
LIGHT_BLUE = "#b9d3e6"
SHOWN_BINS = 50


@dataclass(frozen=True)
class ComparisonPoint:
    """One model in the comparison.

    :param metrics: precision, recall and f1 in the runtime.
    :param f05: those of them that F05 measured.
    """

    prediction_name: str
    metrics: Mapping[str, float]
    f05: Mapping[str, float]


@dataclass(frozen=True)
class ModelPicture:
    """The numbers that the two figures of one model show.

    :param not_numbers: the labelled scores that are not numbers, ``[label, y_pred]``.
    :param by_label: the finite scores labelled 0 and 1 in each bin, int64 ``[2, SHOWN_BINS]``.
    :param outside: how many of them lie below 0 and above 1.
    :param curve: thresholds, and precision and recall at each.
    :param has_scores: False where the server gives labels alone.
    """

    prediction_name: str
    counts: formulas.Counts
    not_numbers: npt.NDArray[np.int64]
    by_label: npt.NDArray[np.int64]
    outside: tuple[int, int]
    threshold: float
    curve: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]
    has_scores: bool


def draw_confusion(picture: ModelPicture) -> bytes:
    """Draw the confusion matrix with counts and the share of each row, as PNG; wrong cells have another hue.

    Scores that are not numbers stand apart.
    """
    given, lost = picture.counts, picture.not_numbers
    counts = (np.array([[given.tn, given.fp], [given.fn, given.tp]]) - lost).tolist()
    names, titles = [["TN", "FP"], ["FN", "TP"]], ["predicted 0", "predicted 1"]
    if lost.any():
        counts = [[*row, int(missing)] for row, missing in zip(counts, lost.sum(axis=1), strict=True)]
        names, titles = [[*row, "NaN"] for row in names], [*titles, "not a number"]
    width, height = 0.8 / len(titles), 0.39
    with new_figure(4.2, 3.6) as figure:
        # Rectangles and their texts: axes, with ticks that nobody sees, cost twice as much as all of them.
        mpl = load_matplotlib()
        for label, row in enumerate(counts):
            y = 0.685 - label * height
            figure.text(0.14, y, f"label {label}", rotation=90, ha="center", va="center")
            for column, count in enumerate(row):
                x, share = 0.17 + (column + 0.5) * width, count / sum(row) if sum(row) else 0.0
                name = names[label][column]
                hue, white_from = HUES[name]
                cell = mpl.patches.Rectangle(
                    (x - width / 2, y - height / 2),
                    width,
                    height,
                    facecolor=mpl.colormaps[hue](share),
                    edgecolor="white",
                    linewidth=3,
                )
                figure.add_artist(cell)
                color = "white" if share >= white_from else INK
                figure.text(x, y + 0.025, f"{count:,}", ha="center", va="center", fontsize=15, color=color)
                figure.text(x, y - 0.07, f"{name}, {share:.1%}", ha="center", va="center", color=color)
        for column, title in enumerate(titles):
            figure.text(0.17 + (column + 0.5) * width, 0.075, title, ha="center", va="center")
        add_title(figure, picture.prediction_name, 0.17)
        return to_png(figure)


class ScoresFigure:
    """The distribution of the scores of each label, and precision and recall at every threshold.

    It is drawn for one model after the other: to make its axes, ticks and legends anew for each takes longer.
    """

    def __init__(self, figure: Figure) -> None:
        """Draw what is the same for all models.

        :param figure: an empty one.
        """
        self._figure = figure
        above, below = figure.add_axes((0.15, 0.58, 0.81, 0.3)), figure.add_axes((0.15, 0.14, 0.81, 0.36))
        self._above, self._below = above, below
        nothing, edges = np.zeros(SHOWN_BINS), np.linspace(0, 1, SHOWN_BINS + 1)
        self._stairs = (
            above.stairs(nothing, edges, fill=True, color=LIGHT_BLUE, label="label 0"),
            above.stairs(nothing, edges, color=ORANGE, linewidth=1.6, label="label 1"),
        )
        above.set_yscale("symlog", linthresh=1)
        above.minorticks_off()
        above.set_ylabel("windows")
        above.set_xticklabels([])
        self._curves = (
            *below.plot([], [], color=BLUE, linewidth=1.6, label="precision"),
            *below.plot([], [], color=ORANGE, linewidth=1.6, linestyle="--", label="recall"),
        )
        self._marks = (
            *below.plot([], [], "o", color=BLUE, markersize=6, clip_on=False),
            *below.plot([], [], "s", color=ORANGE, markersize=6, clip_on=False),
        )
        below.set_ylim(0, 1.02)
        below.set_yticks([0, 0.5, 1])
        self._thresholds = [axes.axvline(0, color=INK, linewidth=1, linestyle=":") for axes in (above, below)]
        for axes in (above, below):
            axes.set_xlim(0, 1)
            axes.grid(axis="y")
            axes.legend(loc="lower right", bbox_to_anchor=(1, 0.96), ncols=2, borderaxespad=0, handlelength=1.6)
        place = above.transAxes
        self._outside = above.text(0.5, -0.14, "", transform=place, color=INK, ha="center", fontsize="small")
        self._empty = above.text(0.5, 0.4, "", ha="center", transform=place)
        self._title = add_title(figure, "", 0.15)

    def draw(self, picture: ModelPicture) -> bytes:
        """Draw one model, as PNG."""
        above, below, threshold = self._above, self._below, picture.threshold
        totals = picture.by_label.sum(axis=1).tolist()
        legend = above.get_legend()
        assert legend is not None
        texts = legend.get_texts()
        for label, (stairs, total) in enumerate(zip(self._stairs, totals, strict=True)):
            stairs.set_data(picture.by_label[label])
            texts[label].set_text(f"label {label} ({total:,})")
        most = max(int(picture.by_label.max()), 1)
        above.set_ylim(0, most * 1.5)
        powers = range(0, len(str(most)), 1 if most < 10_000 else 2)
        above.set_yticks([10**power for power in powers], [f"{10**power:,}" for power in powers])
        thresholds, *values = picture.curve
        today = formulas.precision(picture.counts), formulas.recall(picture.counts)
        for line, mark, curve, value in zip(self._curves, self._marks, values, today, strict=True):
            line.set_data(thresholds, curve)
            mark.set_data([threshold], [value])
        for line in self._thresholds:
            line.set_xdata([threshold, threshold])
        below.set_xlabel(f"score (above) and threshold (below); dotted: today's threshold, {threshold:g}")
        below_0, above_1 = picture.outside
        outside = f"{below_0:,} below 0 drawn at 0, {above_1:,} above 1 drawn at 1"
        self._outside.set_text(outside if below_0 or above_1 else "")
        empty = (
            "no labelled row has a score that is a number" if picture.has_scores else "the server gives labels alone"
        )
        self._empty.set_text("" if any(totals) else empty)
        set_title(self._title, picture.prediction_name)
        return to_png(self._figure)


@contextmanager
def scores_figure() -> Iterator[ScoresFigure]:
    """Yield the figure of the scores; its drawing ends with the context."""
    with new_figure(5.4, 3.6) as figure:
        yield ScoresFigure(figure)


def draw_comparison(points: Sequence[ComparisonPoint]) -> bytes:
    """Draw precision, recall and F1 of all models beside F05's own (hollow), as PNG."""
    height = 0.9 + 0.34 * len(points)
    with new_figure(9.6, height) as figure:
        left = min(0.42, 0.04 + 0.0078 * max(len(point.prediction_name) for point in points))
        axes = figure.add_axes((left, 0.42 / height, 0.97 - left, 1 - 0.85 / height))
        for name, (color, mark) in MARKS.items():
            f05_marks = [(point.f05[name], y) for y, point in enumerate(points) if name in point.f05]
            runtime_marks = [(point.metrics[name], y) for y, point in enumerate(points)]
            for marks, fill in ((f05_marks, "white"), (runtime_marks, color)):
                if marks:
                    axes.plot(*zip(*marks, strict=True), mark, color=fill, markeredgecolor=color, clip_on=False)
        axes.set_yticks(range(len(points)), [point.prediction_name for point in points])
        shrink_texts(axes.get_yticklabels(), figure, (left - 0.02) * figure.bbox.width)
        axes.set_ylim(len(points) - 0.4, -0.6)
        axes.set_xlim(0, 1)
        axes.grid()
        axes.tick_params(axis="y", length=0, pad=9)
        axes.spines["left"].set_visible(False)
        for name, (color, mark) in MARKS.items():
            axes.plot([], [], mark, color=color, label="F1" if name == "f1" else name)
        axes.plot([], [], "o", color="white", markeredgecolor=INK, label="hollow: F05, on its own test split")
        figure.legend(loc="upper right", bbox_to_anchor=(0.98, 1), ncols=4, handletextpad=0.2, columnspacing=1.2)
        return to_png(figure)
