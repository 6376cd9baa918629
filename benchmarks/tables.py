"""Tables that are Markdown and that people can read in a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

COLUMNS = 80


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table: the first column to the left, numbers to the right, all of one width each."""
    cells = [list(header), *map(list, rows)]
    widths = [max(3, *map(len, column)) for column in zip(*cells, strict=True)]
    lines = [_line(row, widths) for row in cells]
    rules = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return [lines[0], _line(rules, widths), *lines[1:]]


def times(value: float, first: float, form: str) -> str:
    """Return a value and how many times the first it is."""
    return f"{value:{form}} ({value / first:.2f} ×)"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(cells, widths, strict=True)
    return " | ".join([f"| {first[0]:<{first[1]}}", *(f"{cell:>{width}}" for cell, width in others)]) + " |"
