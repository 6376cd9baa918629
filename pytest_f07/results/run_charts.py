"""Describe the pictures of a whole run: its models side by side, F05's precision here, the pace of the replay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from pytest_f07.results.agreement import Agreement
from pytest_f07.results.chart import (
    KEY_X,
    KEY_Y,
    LEFT,
    RIGHT,
    WIDTH,
    Chart,
    Column,
    Shape,
    Value,
    key,
    line,
    mark,
    rule,
    steps,
    text,
)
from pytest_f07.results.figures import ComparisonPoint

SIDE = 14  # left and right of a row of marks
LANE = 34  # from one model to the next
MARKS = {"precision": ("circle", "f07-blue"), "recall": ("square", "f07-orange"), "f1": ("diamond", "f07-green")}
TITLES = {"precision": "precision", "recall": "recall", "f1": "F1"}


def describe_models(points: Sequence[ComparisonPoint]) -> Chart:
    """Return the picture of precision, recall and F1 of all models, beside F05's own, which are hollow."""
    shapes = _lanes([point.prediction_name for point in points], LANE)
    for place, point in enumerate(points):
        y = LANE * place + 24
        for name, (kind, style) in MARKS.items():
            if name in point.f05:
                shapes.append(mark(kind, _share_x(point.f05[name]), y, f"{style} f07-hollow"))
        for name, (kind, style) in MARKS.items():
            if name in point.metrics:
                shapes.append(mark(kind, _share_x(point.metrics[name]), y, style))
    columns = [Column("model", [point.prediction_name for point in points])]
    columns += [Column(TITLES[name], [_rounded(point.metrics.get(name)) for point in points]) for name in MARKS]
    columns += [Column(f"F05's {TITLES[name]}", [_rounded(point.f05.get(name)) for point in points]) for name in MARKS]
    return Chart(
        title="Models side by side",
        description="Precision, recall and F1 of each model; the table of models has the numbers.",
        height=LANE * len(points) + 22,
        shapes=shapes,
        legend=(
            *((mark(kind, KEY_X, KEY_Y, style), TITLES[name]) for name, (kind, style) in MARKS.items()),
            (mark("circle", KEY_X, KEY_Y, "f07-hollow"), "hollow: F05's, on its own test split"),
        ),
        columns=columns,
        start=24,
        end=LANE * (len(points) - 1) + 24,
        is_vertical=True,
    )


def describe_base_rates(agreements: Mapping[str, Agreement]) -> Chart:
    """Return the picture of F05's precision, what it is at the base rate here, and the precision here.

    :param agreements: by prediction_name, those with a precision at this base rate.
    """
    lane = LANE + 10
    shapes = _lanes(list(agreements), lane)
    columns: dict[str, list[Value]] = {"F05 says": [], "at the base rate here": [], "here": []}
    for place, agreement in enumerate(agreements.values()):
        assert agreement.claimed is not None
        assert agreement.expected is not None
        above, below = lane * place + 22, lane * place + 34
        shapes.append(mark("diamond", _share_x(agreement.claimed), above, "f07-grey"))
        shapes.append(rule(*_across(agreement.interval, above), "f07-orange-line"))
        shapes.append(mark("square", _share_x(agreement.expected), above, "f07-orange"))
        if agreement.measured is not None:
            shapes.append(rule(*_across(agreement.measured_interval, below), "f07-blue-line"))
            shapes.append(mark("circle", _share_x(agreement.measured), below, "f07-blue"))
        columns["F05 says"].append(f"{agreement.claimed:.3f}")
        columns["at the base rate here"].append(_with_interval(agreement.expected, agreement.interval))
        columns["here"].append(_with_interval(agreement.measured, agreement.measured_interval))
    return Chart(
        title="Precision at the base rate here",
        description="F05's precision, what it is at the base rate here, and the precision here, of each model.",
        height=lane * len(agreements) + 22,
        shapes=shapes,
        legend=(
            (mark("diamond", KEY_X, KEY_Y, "f07-grey"), "F05 says"),
            (mark("square", KEY_X, KEY_Y, "f07-orange"), "F05, at the base rate here"),
            (mark("circle", KEY_X, KEY_Y, "f07-blue"), "here; lines are 95 % intervals"),
        ),
        columns=[Column("model", list(agreements)), *(Column(title, values) for title, values in columns.items())],
        start=28,
        end=lane * (len(agreements) - 1) + 28,
        is_vertical=True,
    )


def describe_pace(requests: Sequence[tuple[float, int, float]]) -> Chart:
    """Return the picture of windows a second and request latency over the replay.

    :param requests: for each answer the seconds since the replay began, its windows, and the seconds it took.
    """
    ends, windows, latencies = (np.array(column, np.float64) for column in zip(*requests, strict=True))
    bins = int(np.clip(len(ends) // 8, 1, 60))
    edges = np.linspace(0, max(float(ends.max()), 1e-9), bins + 1)
    places = np.clip(np.searchsorted(edges, ends, side="left") - 1, 0, bins - 1)
    rates = np.bincount(places, windows, bins) / np.diff(edges)
    in_bins = [1000 * latencies[places == number] for number in range(bins)]
    medians = [float(np.median(milliseconds)) if len(milliseconds) else None for milliseconds in in_bins]
    slowest = [float(milliseconds.max()) if len(milliseconds) else None for milliseconds in in_bins]
    wide = (WIDTH - LEFT - RIGHT) / bins
    xs = [LEFT + wide * number for number in range(bins + 1)]
    middles = [x + wide / 2 for x in xs[:-1]]
    top_rate, top_latency = max(float(rates.max()), 1.0), max(*(value or 0.0 for value in slowest), 0.1)
    above, below = (14.0, 84.0), (112.0, 182.0)
    shapes = [text(LEFT, above[0] - 4, f"windows a second, up to {top_rate:,.0f}")]
    shapes.append(text(LEFT, below[0] - 4, f"milliseconds a request, up to {top_latency:,.1f}"))
    for top, bottom in (above, below):
        shapes += [rule(LEFT, top, WIDTH - RIGHT, top), rule(LEFT, bottom, WIDTH - RIGHT, bottom, "f07-axis")]
    shapes.append(steps(xs, [_height(rate, top_rate, above) for rate in rates], above[1], "f07-blue-area"))
    for values, style in ((slowest, "f07-orange-dashes"), (medians, "f07-blue-line")):
        heights = [None if value is None else _height(value, top_latency, below) for value in values]
        shapes.append(line(zip(middles, heights, strict=True), style))
    shapes += [text(LEFT, below[1] + 15, "0"), text(WIDTH - RIGHT, below[1] + 15, f"{edges[-1]:.2f} s", "end")]
    return Chart(
        title="Pace of the replay",
        description="Windows a second and milliseconds a request over the replay.",
        height=below[1] + 20,
        shapes=shapes,
        legend=(
            (key("f07-blue-area"), "windows a second"),
            (key("f07-blue-line"), "median request"),
            (key("f07-orange-dashes"), "slowest"),
        ),
        columns=(
            Column("until s", [f"{edge:.2f}" for edge in edges[1:]]),
            Column("windows a second", [f"{rate:,.0f}" for rate in rates]),
            Column("median ms", [None if value is None else f"{value:.1f}" for value in medians]),
            Column("slowest ms", [None if value is None else f"{value:.1f}" for value in slowest]),
        ),
        start=middles[0],
        end=middles[-1],
    )


def _lanes(names: Sequence[str], lane: int) -> list[Shape]:
    """Return the lines at shares of 0 to 1, with their numbers below, and each model's name above its lane."""
    bottom = lane * len(names)
    shapes: list[Shape] = []
    for share in (0, 0.25, 0.5, 0.75, 1):
        shapes.append(rule(_share_x(share), 0, _share_x(share), bottom))
        shapes.append(text(_share_x(share), bottom + 15, f"{share:g}", "middle"))
    return shapes + [text(SIDE, lane * place + 11, name, style="f07-name") for place, name in enumerate(names)]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _share_x(share: float) -> float:
    return SIDE + (WIDTH - 2 * SIDE) * share


def _across(interval: tuple[float, float], y: float) -> tuple[float, float, float, float]:
    return _share_x(interval[0]), y, _share_x(interval[1]), y


def _with_interval(value: float | None, interval: tuple[float, float]) -> str | None:
    return None if value is None else f"{value:.3f} ({interval[0]:.3f} to {interval[1]:.3f})"


def _height(value: float, most: float, part: tuple[float, float]) -> float:
    top, bottom = part
    return round(bottom - (bottom - top) * value / most, 1)
