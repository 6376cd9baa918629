"""Print each model's metrics from run to run (``history7``)."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_f07.errors import F07Error
from pytest_f07.results.history import SHOWN, TITLES, HistoryEntry, read_history
from pytest_f07.variant import manifest
from pytest_f07.variant.paths import Project, check_variant

HEADER = ("WHEN", "RUN", "PACKAGE", *(TITLES[key].upper() for key in SHOWN), "RESULT", "CHANGED")


def print_history(project: Project, variant: str | None) -> Iterator[str]:
    """Yield a table for each model: its runs in time order.

    :param variant: the variant whose models are told of; None for the models of all.
    :raises F07Error: where no run of them is complete.
    """
    names = None
    if variant is not None:
        names = manifest.load(project, check_variant(variant, "VARIANT")).prediction_names
    history = read_history(project, names)
    if not history:
        raise F07Error("no complete run of these models is there or published; run one: make script7-run VARIANT=v701")
    for name, entries in history.items():
        yield name
        rows = [HEADER, *map(_row, entries)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            yield f"  {'  '.join(cells)}".rstrip()


def _row(entry: HistoryEntry) -> tuple[str, ...]:
    metrics = (entry.metrics[key] for key in SHOWN)
    return (entry.when, entry.name, entry.package, *metrics, entry.outcome, "; ".join(entry.changes))
