"""Find the variants that need an F07 variant: as their parent, or to be compared with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pytest_f07.errors import F07Error
from pytest_f07.variant.documents import read_yaml
from pytest_f07.variant.params import Params
from pytest_f07.variant.paths import DEPLOYRUN, Project

_F07_PARENT_KEYS = ("parent_variant_f07", "parent_variants_f07")
_PARENT_KEYS = ("parent_variant", "parent_variants")


def children(project: Project, variant: str) -> list[str]:
    """Return the later variants that name ``variant`` as a parent, each as ``phase/variant``.

    :raises F07Error: for a document that cannot be read: its parents are unknown.
    """
    names: dict[str, None] = {}
    for phase in project.later_phases():
        registry = _read(project, phase / "variants.yaml")
        entries = registry.get("variants")
        named_entries = entries if isinstance(entries, dict) else {"variants.yaml": registry}
        names.update(
            {f"{phase.name}/{name}": None for name, entry in named_entries.items() if _has_parent(entry, variant)}
        )
        for params in sorted(phase.glob("v*/params.yaml")):
            if _has_parent(_read(project, params), variant):
                names[f"{phase.name}/{params.parent.name}"] = None
    return list(names)


def dependents(project: Project, variant: str) -> list[str]:
    """Return the F07 variants whose ``require`` compares them with the run of ``variant``.

    Of params.yaml that cannot be read nothing is said: such a variant cannot be run.
    """
    names = []
    for path in sorted(project.variants.glob("v*/params.yaml")):
        try:
            baselines = Params.read(path, project.show(path)).requirements.baselines
        except F07Error:
            continue
        if variant in baselines and path.parent.name != variant:
            names.append(path.parent.name)
    return names


def _read(project: Project, path: Path) -> dict[str, Any]:
    if not path.exists() or not path.read_text(encoding="utf-8", errors="replace").strip():
        return {}
    return read_yaml(path, project.show(path))


def _has_parent(entry: object, variant: str) -> bool:
    """Return whether a parent named somewhere in ``entry`` is ``variant``."""
    return any(variant in (value if isinstance(value, list) else [value]) for value in _parents(entry))


def _parents(entry: object) -> Iterator[Any]:
    if isinstance(entry, list):
        for item in entry:
            yield from _parents(item)
    if isinstance(entry, dict):
        keys = (
            _F07_PARENT_KEYS
            if entry.get("parent_phase", DEPLOYRUN) != DEPLOYRUN
            else (*_F07_PARENT_KEYS, *_PARENT_KEYS)
        )
        for key, value in entry.items():
            if key in keys:
                yield value
            else:
                yield from _parents(value)
