"""Hold the files of a run against the digests in its metadata: what was added, is missing or has changed since."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_f07.errors import F07Error
from pytest_f07.variant.params import Params
from pytest_f07.variant.paths import Project, VariantPaths
from pytest_f07.variant.seal import digest


def describe_alteration(project: Project, paths: VariantPaths, document: Mapping[str, Any]) -> str:
    """Return what is not as the run left it, the first such thing; empty where all is.

    :param document: the metadata of a run of this tool.
    """
    sealed: Mapping[str, object] = document["sha256"]
    alterations = (describe_file_alteration(project, paths, sealed, name) for name in sorted(sealed))
    return (
        describe_name_alteration(project, paths, sealed)
        or next(filter(None, alterations), "")
        or describe_declaration_alteration(project, paths, document)
    )


def describe_name_alteration(project: Project, paths: VariantPaths, sealed: Mapping[str, object]) -> str:
    """Return which file was added or is missing; empty where none is. No file is read."""
    names = output_names(paths)
    for name in sorted({*names, *sealed}):
        where = project.show(paths.folder / name)
        if name not in sealed:
            return f"{where} was added after the run"
        if name not in names:
            return f"{where} is missing"
    return ""


def describe_file_alteration(project: Project, paths: VariantPaths, sealed: Mapping[str, object], name: str) -> str:
    """Return what is wrong with one file that the run wrote; empty where nothing is."""
    path = paths.folder / name
    try:
        return "" if digest(path) == sealed[name] else f"{project.show(path)} has changed since the run"
    except FileNotFoundError:
        return f"{project.show(path)} is missing"
    except OSError as error:
        return f"{project.show(path)} cannot be read: {error.strerror}"


def describe_declaration_alteration(project: Project, paths: VariantPaths, document: Mapping[str, Any]) -> str:
    """Return what is wrong with params.yaml and manifest.json; empty where nothing is."""
    where = project.show(paths.params)
    try:
        if not Params.read(paths.params, where).is_what_ran(document.get("params")):
            return f"{where} has changed since the run"
    except F07Error as error:
        return str(error).removesuffix(".")
    declared = document.get("manifest")
    sealed = {paths.manifest.name: declared.get("sha256")} if isinstance(declared, dict) else {}
    return next((describe_file_alteration(project, paths, sealed, name) for name in sealed), "")


def output_names(paths: VariantPaths) -> list[str]:
    """Return the files of the published folders. A link to a file (DVC makes them) counts as the file."""
    return [
        Path(top, name).relative_to(paths.folder).as_posix()
        for folder in paths.published
        for top, _, files in os.walk(folder)
        for name in files
    ]
