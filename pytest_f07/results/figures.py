"""The pictures: what is under ``report/figures/`` holds nothing timed, and the same counts give the same bytes.

One style: Okabe and Ito's colours, which colour-blind readers tell apart, and a mark or a line of its own for each
thing, so that print in grey says the same.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from pytest_f07.results.audit import Audit
from pytest_f07.results.f05 import F05
from pytest_f07.results.metrics import Metrics
from pytest_f07.results.scores import BINS, Scores
from pytest_f07.variant.package import Model
from pytest_f07.variant.paths import Outputs

with warnings.catch_warnings():
    # matplotlib 3.8 with pyparsing 3.3 warns at import; a host may have made warnings errors.
    warnings.simplefilter("ignore")
    import matplotlib as mpl
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.text import Text
    from PIL import Image

BLUE, ORANGE, GREEN, GREY, INK = "#0072B2", "#D55E00", "#009E73", "#8a8f98", "#1f2328"
MARKS = {"precision": (BLUE, "o"), "recall": (ORANGE, "s"), "f1": (GREEN, "D")}
COARSE = 50
STYLE: dict[Any, Any] = {
    "font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": GREY,
    "axes.labelcolor": INK, "axes.titlesize": 9, "axes.titlelocation": "left", "xtick.color": INK,
    "ytick.color": INK, "text.color": INK, "xtick.major.size": 3, "ytick.major.size": 3, "legend.frameon": False,
    "legend.fontsize": 8, "grid.color": "#e4e6ea", "grid.linewidth": 0.8, "axes.axisbelow": True,
}  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """One line of the comparison: what the runtime found, and what F05 had measured, where it says."""

    prediction_name: str
    here: Mapping[str, float]
    f05: Mapping[str, float]


def draw_confusion(metrics: Metrics) -> bytes:
    """The confusion matrix with counts and the share of each row, as PNG."""
    counts = [[metrics.tn, metrics.fp], [metrics.fn, metrics.tp]]
    shares = [[count / sum(row) if sum(row) else 0.0 for count in row] for row in counts]
    with _figure(4.2, 3.6) as figure:
        axes = figure.add_axes((0.17, 0.1, 0.8, 0.78))
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        for y, row in enumerate(counts):
            for x, count in enumerate(row):
                color = "white" if shares[y][x] > 0.5 else INK
                axes.text(x, y - 0.06, f"{count:,}", ha="center", va="center", fontsize=15, color=color)
                name = ("TN", "FP", "FN", "TP")[2 * y + x]
                axes.text(x, y + 0.18, f"{name}, {shares[y][x]:.1%}", ha="center", va="center", color=color)
        axes.set_xticks([0, 1], ["predicted 0", "predicted 1"])
        axes.set_yticks([0, 1], ["label 0", "label 1"], rotation=90, va="center")
        axes.tick_params(length=0)
        axes.set_xticks([0.5], minor=True)
        axes.set_yticks([0.5], minor=True)
        axes.grid(which="minor", color="white", linewidth=3)
        axes.tick_params(which="minor", length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)
        _title(figure, metrics.prediction_name, 0.17)
        return _png(figure)


def draw_scores(metrics: Metrics, scores: Scores) -> bytes:
    """How the scores of each label are distributed, and precision and recall at every threshold, as PNG."""
    with _figure(5.4, 3.6) as figure:
        above, below = figure.add_axes((0.15, 0.58, 0.81, 0.3)), figure.add_axes((0.15, 0.14, 0.81, 0.36))
        edges = np.linspace(0, 1, COARSE + 1)
        zeros, ones = scores.by_label.reshape(2, COARSE, BINS // COARSE).sum(axis=2)
        above.stairs(zeros, edges, fill=True, color="#b9d3e6", label=f"label 0 ({zeros.sum():,})")
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
        below.plot([scores.threshold], [metrics.precision], "o", color=BLUE, markersize=6, clip_on=False)
        below.plot([scores.threshold], [metrics.recall], "s", color=ORANGE, markersize=6, clip_on=False)
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
            above.text(0.5, 0.4, "no labelled row has a score that is a number", ha="center", transform=above.transAxes)
        _title(figure, metrics.prediction_name, 0.15)
        return _png(figure)


def draw_comparison(models: Sequence[Measured]) -> bytes:
    """Precision, recall and F1 of all models beside what F05 had measured (hollow), as PNG."""
    height = 0.9 + 0.34 * len(models)
    with _figure(9.6, height) as figure:
        left = min(0.42, 0.04 + 0.0078 * max(len(one.prediction_name) for one in models))
        axes = figure.add_axes((left, 0.42 / height, 0.97 - left, 1 - 0.85 / height))
        for name, (color, mark) in MARKS.items():
            theirs = [(one.f05[name], y) for y, one in enumerate(models) if name in one.f05]
            ours = [(one.here[name], y) for y, one in enumerate(models)]
            for points, fill in ((theirs, "white"), (ours, color)):
                if points:
                    axes.plot(*zip(*points, strict=True), mark, color=fill, markeredgecolor=color, clip_on=False)
        axes.set_yticks(range(len(models)), [one.prediction_name for one in models])
        _fit(axes.get_yticklabels(), figure, (left - 0.02) * figure.bbox.width)
        axes.set_ylim(len(models) - 0.4, -0.6)
        axes.set_xlim(0, 1)
        axes.grid()
        axes.tick_params(axis="y", length=0, pad=9)
        axes.spines["left"].set_visible(False)
        for name, (color, mark) in MARKS.items():
            axes.plot([], [], mark, color=color, label="F1" if name == "f1" else name)
        axes.plot([], [], "o", color="white", markeredgecolor=INK, label="hollow: F05, on its own test split")
        figure.legend(loc="upper right", bbox_to_anchor=(0.98, 1), ncols=4, handletextpad=0.2, columnspacing=1.2)
        return _png(figure)


def draw_pace(taken: Sequence[tuple[float, int, float]]) -> bytes:
    """Windows a second and request latency over the replay, as PNG; it is timed, so it lives in the report only.

    :param taken: for each answer the seconds since the replay began, its windows, and the seconds it took.
    """
    at, windows, latency = (np.array(column, np.float64) for column in zip(*taken, strict=True))
    bins = int(np.clip(len(at) // 8, 1, 60))
    edges = np.linspace(0, max(float(at.max()), 1e-9), bins + 1)
    place = np.clip(np.searchsorted(edges, at, side="left") - 1, 0, bins - 1)
    rate = np.bincount(place, windows, bins) / np.diff(edges)
    middle = [np.median(latency[place == one]) * 1000 if np.any(place == one) else np.nan for one in range(bins)]
    worst = [latency[place == one].max() * 1000 if np.any(place == one) else np.nan for one in range(bins)]
    with _figure(9.6, 2.3) as figure:
        left, right = figure.add_axes((0.08, 0.2, 0.39, 0.64)), figure.add_axes((0.56, 0.2, 0.41, 0.64))
        left.stairs(rate, edges, fill=True, color="#b9d3e6")
        left.stairs(rate, edges, color=BLUE, linewidth=1.4)
        left.set_title("windows a second")
        right.stairs(worst, edges, color=ORANGE, linewidth=1.4, linestyle="--", label="slowest", baseline=None)
        right.stairs(middle, edges, color=BLUE, linewidth=1.4, label="median", baseline=None)
        right.legend(loc="lower right", bbox_to_anchor=(1, 0.98), ncols=2, borderaxespad=0)
        right.set_title("milliseconds a request")
        for axes in (left, right):
            axes.set_xlim(0, edges[-1])
            axes.set_ylim(0)
            axes.set_xlabel("seconds of the replay")
            axes.grid(axis="y")
            _plain(axes)
        return _png(figure)


def draw_all(out: Outputs, models: Sequence[Model], metrics: Mapping[str, Metrics], checked: Audit) -> None:
    """Write the pictures under ``report/figures/``: two of each model, and one of all."""
    measured = []
    for model in models:
        name, found = model.prediction_name, metrics[model.prediction_name]
        out.confusion_png(name).write_bytes(draw_confusion(found))
        out.scores_png(name).write_bytes(draw_scores(found, checked.models[name].scores))
        here = {"precision": found.precision, "recall": found.recall, "f1": found.f1}
        measured.append(Measured(name, here, F05.of(model.summary).metrics))
    out.comparison_png.write_bytes(draw_comparison(measured))


@contextmanager
def _figure(width: float, height: float) -> Iterator[Figure]:
    """No pyplot and matplotlib's own defaults: a ``matplotlibrc`` in the user's folder changes nothing."""
    # rc_context never restores the backend, which no picture here depends on.
    defaults: dict[Any, Any] = {key: value for key, value in mpl.rcParamsDefault.items() if key != "backend"}
    with mpl.rc_context({**defaults, **STYLE}):
        figure = Figure(figsize=(width, height), dpi=120)
        FigureCanvasAgg(figure)
        yield figure


def _title(figure: Figure, name: str, left: float) -> None:
    """A name of any length on one line above the axes."""
    text = figure.text(left, 0.965, name, fontsize=9.5, fontweight="bold", va="top")
    _fit([text], figure, (0.98 - left) * figure.bbox.width)


def _fit(texts: Sequence[Text], figure: Figure, width: float) -> None:
    """Shrink the letters until no text is wider than ``width`` pixels; step by step, as they do not shrink evenly."""
    canvas: Any = figure.canvas
    while max(text.get_window_extent(canvas.get_renderer()).width for text in texts) > width:
        for text in texts:
            text.set_fontsize(0.93 * float(text.get_fontsize()))


def _plain(axes: Axes) -> None:
    axes.ticklabel_format(style="plain", useOffset=False)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")


def _png(figure: Figure) -> bytes:
    """A palette of 128 colours: a third of the bytes, and nothing that a reader could see."""
    canvas: Any = figure.canvas
    canvas.draw()
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())[:, :, :3].copy())
    file = io.BytesIO()
    image.quantize(128, dither=Image.Dither.NONE).save(file, "png", compress_level=6, dpi=(figure.dpi, figure.dpi))
    return file.getvalue()
