"""Describe a picture of the report: shapes for one template, and values that a reader meets by pointer and keyboard.

Coordinates are those of an SVG that is :data:`WIDTH` wide, which a phone shows almost as large as a desktop does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

WIDTH = 440
KEY_X, KEY_Y = 8, 6  # the middle of a legend's small picture
LEFT, RIGHT = 40, 8

Value = str | int | float | None


@dataclass(frozen=True)
class Shape:
    """One element of an SVG.

    :param style: its class in report.css.
    :param text: its content, where it is a text.
    """

    tag: str
    style: str
    attributes: Mapping[str, str | int | float]
    text: str = ""


@dataclass(frozen=True)
class Column:
    """One value at each position of a picture.

    :param title: what the value is.
    :param values: None where there is none.
    """

    title: str
    values: Sequence[Value]


@dataclass(frozen=True)
class Chart:
    """A picture, and the values at its positions, which stand from ``start`` to ``end`` at equal distances.

    :param title: what it shows; the name of its slider.
    :param description: the text that stands for it.
    :param legend: the marks, drawn at :data:`KEY_X` and :data:`KEY_Y`, and what each stands for.
    :param is_vertical: whether the positions stand below each other.
    :param selected: the position whose values are shown first.
    """

    title: str
    description: str
    height: float
    shapes: Sequence[Shape]
    legend: Sequence[tuple[Shape, str]]
    columns: Sequence[Column]
    start: float
    end: float
    is_vertical: bool = False
    selected: int = 0
    notes: Sequence[str] = field(default_factory=tuple)

    @property
    def width(self) -> int:
        """Return the width."""
        return WIDTH

    @property
    def positions(self) -> int:
        """Return how many positions there are."""
        return len(self.columns[0].values)


def text(x: float, y: float, content: str, anchor: str = "start", style: str = "f07-tick") -> Shape:
    """Return a text; ``anchor`` says which end of it stands at ``x``."""
    return Shape("text", style, {"x": _short(x), "y": _short(y), "text-anchor": anchor}, content)


def rule(x1: float, y1: float, x2: float, y2: float, style: str = "f07-grid") -> Shape:
    """Return a straight line."""
    return Shape("line", style, {"x1": _short(x1), "y1": _short(y1), "x2": _short(x2), "y2": _short(y2)})


def line(points: Iterable[tuple[float, float | None]], style: str) -> Shape:
    """Return a line through points; it is broken where one has no height."""
    parts, is_drawn = [], False
    for x, y in points:
        if y is not None:
            parts.append(f"{'L' if is_drawn else 'M'}{_short(x)} {_short(y)}")
        is_drawn = y is not None
    return Shape("path", style, {"d": "".join(parts)})


def steps(edges: Sequence[float], heights: Sequence[float], base: float, style: str) -> Shape:
    """Return a histogram's outline: each bin as high as ``heights`` say, from the line at ``base``."""
    parts, last = [f"M{_short(edges[0])} {_short(base)}"], base
    for left, height in zip(edges[:-1], heights, strict=True):
        if height != last:
            parts.append(f"H{_short(left)}V{_short(height)}")
            last = height
    return Shape("path", style, {"d": "".join([*parts, f"H{_short(edges[-1])}V{_short(base)}"])})


def mark(kind: str, x: float, y: float, style: str) -> Shape:
    """Return a mark: "circle", "square" or "diamond"."""
    size = 4.5
    if kind == "circle":
        return Shape("circle", style, {"cx": _short(x), "cy": _short(y), "r": size})
    if kind == "square":
        return Shape(
            "rect", style, {"x": _short(x - size), "y": _short(y - size), "width": 2 * size, "height": 2 * size}
        )
    wide = size + 1
    path = f"M{_short(x - wide)} {_short(y)}L{_short(x)} {_short(y - wide)}L{_short(x + wide)} {_short(y)}"
    return Shape("path", style, {"d": f"{path}L{_short(x)} {_short(y + wide)}Z"})


def key(style: str) -> Shape:
    """Return the short line that stands for a line or an area in a legend."""
    return Shape("path", style, {"d": "M1 6H15"})


def _short(number: float) -> float | int:
    """Return a coordinate with one digit at most: a tenth of a pixel is not seen, and bytes count."""
    rounded = round(float(number), 1)
    return int(rounded) if rounded.is_integer() else rounded
