"""Describe a missing variant or package: list what exists and how to get it."""

from __future__ import annotations

from pathlib import Path

from pytest_f07.errors import F07Error
from pytest_f07.variant.documents import pull_hint
from pytest_f07.variant.paths import PackagePaths, Project, is_variant
from pytest_f07.variant.wording import agreeing

MAX_SHOWN_NAMES = 10


def missing_variant(project: Project, variant: str) -> F07Error:
    """Return the error for an F07 variant that has no folder."""
    packages = _names(project.packages)
    remedy = f"No package is below {project.show(project.packages)} of which it could be made."
    if packages:
        remedy = f"Make it: make variant7 VARIANT={variant} PARENT={packages[-1]}"
    return F07Error(f"{describe_missing(project, variant)}. {remedy}")


def describe_missing(project: Project, variant: str) -> str:
    """Return that there is no such variant, and which there are."""
    folder = project.show(project.variant(variant).folder)
    return f"there is no variant {variant}: {folder} is not there{_listed(_names(project.variants))}"


def missing_package(paths: PackagePaths) -> F07Error:
    """Return the error for an F06 package that has no folder."""
    project = Project(paths.folder.parents[2])
    where = f"package {paths.name}: {project.show(paths.folder)} is not there"
    if hint := pull_hint(paths.folder):
        return F07Error(f"{where}{hint}.")
    names = [name for name in _names(project.packages) if name != paths.name]
    pull = " dvc pull brings it, where DVC keeps it." if (project.root / ".dvc").is_dir() else ""
    return F07Error(f"{where}{_listed(names)}.{pull}")


def _listed(names: list[str]) -> str:
    if not names:
        return ", nor is any other"
    more = "the last are" if len(names) > MAX_SHOWN_NAMES else agreeing(len(names), "there is", "there are")
    return f"; {more} {', '.join(names[-MAX_SHOWN_NAMES:])}"


def _names(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    names = [path.name for path in folder.iterdir() if is_variant(path.name) and path.is_dir()]
    return sorted(names, key=lambda name: (len(name), name))
