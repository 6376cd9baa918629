"""List the variants (``list7``): parent, state, time and result."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pytest_f07.errors import F07Error
from pytest_f07.results.own_checks import describe, recorded_outcomes
from pytest_f07.results.reading.broken import read_break
from pytest_f07.results.reading.complete import read_metadata
from pytest_f07.variant import registry
from pytest_f07.variant.params import Params
from pytest_f07.variant.paths import Project, VariantPaths, is_variant
from pytest_f07.variant.wording import counted

HEADER = ("VARIANT", "PARENT", "STATE", "WHEN", "RESULT")


def list_variants(project: Project) -> Iterator[str]:
    """Yield the header, then a line for each variant of the registry or with a folder."""
    entries: dict[Any, Any] = registry.read(project)["variants"]
    folders = project.variants.iterdir() if project.variants.is_dir() else []
    names = sorted({str(name) for name in entries} | {path.name for path in folders if is_variant(path.name)})
    rows = [HEADER, *(_row(project, name, entries.get(name)) for name in names)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _row(project: Project, name: str, entry: object) -> tuple[str, str, str, str, str]:
    entry = entry if isinstance(entry, dict) else {}
    paths = project.variant(name)
    parent, created_at = str(entry.get("parent_variant") or _read_parent(paths)), str(entry.get("created_at", "?"))[:19]
    if not paths.folder.is_dir():
        return name, parent, "no folder", created_at, ""
    if stopped := read_break(paths):
        return name, parent, "broken", stopped.when or created_at, stopped.reason
    if not paths.metadata.exists():
        if not paths.logs.exists():
            return name, parent, "declared", created_at, ""
        return name, parent, "incomplete", created_at, "its run goes on, or was killed before it could say why"
    try:
        document = read_metadata(project, paths)
    except F07Error:
        return name, parent, "not this tool's", created_at, ""
    models = document.get("models", {})
    judged = counted(len(models), "model")
    failed = [name for name, model in models.items() if model.get("outcome") != "passed"]
    result = f"{len(failed)} of {judged} failed" if failed else f"{judged} passed"
    if own_checks := describe(list(recorded_outcomes(document).values())):
        result += f", {own_checks}"
    run_at = str(document.get("timestamp", "?"))[:19]
    return name, str(document.get("parent_variant", parent)), "complete", run_at, result


def _read_parent(paths: VariantPaths) -> str:
    """Return the package that params.yaml names: an older tool's registry names none."""
    try:
        return Params.read(paths.params, "").parent_variant_f06
    except F07Error:
        return "?"
