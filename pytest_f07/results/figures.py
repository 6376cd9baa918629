"""Draw the figures of the report.

Files under ``report/figures/`` hold nothing timed, and the same counts give the same bytes. Each quantity has a mark or
a line style of its own, so that a print in grey can be read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pytest_f07.results import formulas
from pytest_f07.results.canvas import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    add_title,
    load_matplotlib,
    new_figure,
    shrink_texts,
    to_png,
)
from pytest_f07.results.metrics import Metrics
from pytest_f07.results.scores import BINS, Scores

MARKS = {"precision": (BLUE, "o"), "recall": (ORANGE, "s"), "f1": (GREEN, "D")}
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


def draw_confusion(metrics: Metrics) -> bytes:
    """Draw the confusion matrix with counts and the share of each row, as PNG."""
    counts = [[metrics.tn, metrics.fp], [metrics.fn, metrics.tp]]
    names = [["TN", "FP"], ["FN", "TP"]]
    width, height = 0.4, 0.39
    with new_figure(4.2, 3.6) as figure:
        # Four rectangles and their texts: axes, with ticks that nobody sees, cost twice as much as all of them.
        mpl = load_matplotlib()
        # Right cells and wrong ones; white letters from the share on at which they are easier to read than dark ones.
        hues = {True: (mpl.colormaps["Blues"], 0.67), False: (mpl.colormaps["Oranges"], 0.72)}
        for label, row in enumerate(counts):
            y = 0.685 - label * height
            figure.text(0.14, y, f"label {label}", rotation=90, ha="center", va="center")
            for prediction, count in enumerate(row):
                x, share = 0.37 + prediction * width, count / sum(row) if sum(row) else 0.0
                corner = (x - width / 2, y - height / 2)
                hue, white_from = hues[label == prediction]
                cell = mpl.patches.Rectangle(
                    corner, width, height, facecolor=hue(share), edgecolor="white", linewidth=3
                )
                figure.add_artist(cell)
                color = "white" if share >= white_from else INK
                figure.text(x, y + 0.025, f"{count:,}", ha="center", va="center", fontsize=15, color=color)
                told = f"{names[label][prediction]}, {share:.1%}"
                figure.text(x, y - 0.07, told, ha="center", va="center", color=color)
        for prediction in (0, 1):
            figure.text(0.37 + prediction * width, 0.075, f"predicted {prediction}", ha="center", va="center")
        add_title(figure, metrics.prediction_name, 0.17)
        return to_png(figure)


def draw_scores(metrics: Metrics, scores: Scores, has_scores: bool = True) -> bytes:
    """Draw the distribution of the scores of each label, and precision and recall at every threshold, as PNG."""
    with new_figure(5.4, 3.6) as figure:
        above, below = figure.add_axes((0.15, 0.58, 0.81, 0.3)), figure.add_axes((0.15, 0.14, 0.81, 0.36))
        edges = np.linspace(0, 1, SHOWN_BINS + 1)
        zeros, ones = scores.by_label.reshape(2, SHOWN_BINS, BINS // SHOWN_BINS).sum(axis=2)
        above.stairs(zeros, edges, fill=True, color=LIGHT_BLUE, label=f"label 0 ({zeros.sum():,})")
        above.stairs(ones, edges, color=ORANGE, linewidth=1.6, label=f"label 1 ({ones.sum():,})")
        above.set_yscale("symlog", linthresh=1)
        most = max(zeros.max(), ones.max(), 1)
        above.set_ylim(0, most * 1.5)
        powers = range(0, len(str(int(most))), 1 if most < 10_000 else 2)
        above.set_yticks([10**power for power in powers], [f"{10**power:,}" for power in powers])
        above.minorticks_off()
        above.set_ylabel("windows")
        above.set_xticklabels([])
        thresholds, precision, recall = scores.curve()
        below.plot(thresholds, precision, color=BLUE, linewidth=1.6, label="precision")
        below.plot(thresholds, recall, color=ORANGE, linewidth=1.6, linestyle="--", label="recall")
        below.plot([scores.threshold], [formulas.precision(metrics)], "o", color=BLUE, markersize=6, clip_on=False)
        below.plot([scores.threshold], [formulas.recall(metrics)], "s", color=ORANGE, markersize=6, clip_on=False)
        below.set_ylim(0, 1.02)
        below.set_yticks([0, 0.5, 1])
        below.set_xlabel(f"score (above) and threshold (below); dotted: today's threshold, {scores.threshold:g}")
        for axes in (above, below):
            axes.axvline(scores.threshold, color=INK, linewidth=1, linestyle=":")
            axes.set_xlim(0, 1)
            axes.grid(axis="y")
            axes.legend(loc="lower right", bbox_to_anchor=(1, 0.96), ncols=2, borderaxespad=0, handlelength=1.6)
        if scores.outside.any():
            below_0, above_1 = scores.outside
            told = f"{below_0:,} below 0 drawn at 0, {above_1:,} above 1 drawn at 1"
            above.text(0.5, -0.14, told, transform=above.transAxes, color=INK, ha="center", fontsize="small")
        if not scores.by_label.any():
            reason = "no labelled row has a score that is a number" if has_scores else "the server gives labels alone"
            above.text(0.5, 0.4, reason, ha="center", transform=above.transAxes)
        add_title(figure, metrics.prediction_name, 0.15)
        return to_png(figure)


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
