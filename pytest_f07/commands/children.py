"""Which variants of later phases were made of an F07 variant."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pytest_f07.variant.documents import read_yaml
from pytest_f07.variant.paths import DEPLOYRUN, Project

_NAMED_F07 = ("parent_variant_f07", "parent_variants_f07")
_NAMED = ("parent_variant", "parent_variants")


def children(project: Project, variant: str) -> list[str]:
    """Return the later variants that name ``variant`` as a parent, each as ``phase/variant``.

    :raises F07Error: for a document that cannot be read: nobody can tell then.
    """
    found: dict[str, None] = {}
    for phase in project.later_phases():
        registry = _read(project, phase / "variants.yaml")
        entries = registry.get("variants")
        named = entries if isinstance(entries, dict) else {"variants.yaml": registry}
        found.update({f"{phase.name}/{name}": None for name, entry in named.items() if _names(entry, variant)})
        for params in sorted(phase.glob("v*/params.yaml")):
            if _names(_read(project, params), variant):
                found[f"{phase.name}/{params.parent.name}"] = None
    return list(found)


def _read(project: Project, path: Path) -> dict[str, Any]:
    if not path.exists() or not path.read_text(encoding="utf-8", errors="replace").strip():
        return {}
    return read_yaml(path, project.show(path))


def _names(entry: object, variant: str) -> bool:
    """Whether a parent named somewhere in ``entry`` is ``variant``."""
    return any(variant in (value if isinstance(value, list) else [value]) for value in _parents(entry))


def _parents(entry: object) -> Iterator[Any]:
    if isinstance(entry, list):
        for one in entry:
            yield from _parents(one)
    if isinstance(entry, dict):
        keys = _NAMED_F07 if entry.get("parent_phase", DEPLOYRUN) != DEPLOYRUN else (*_NAMED_F07, *_NAMED)
        for key, value in entry.items():
            if key in keys:
                yield value
            else:
                yield from _parents(value)
