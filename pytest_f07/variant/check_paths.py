"""Find the user's own checks: folders and files of test functions inside the project."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from pytest_f07.errors import F07Error
from pytest_f07.variant.paths import EXECUTIONS, Project
from pytest_f07.variant.seal import digest

_VALID = "It must be a folder of tests, or a .py file, of your project's own, like tests/f07"


def find_check_paths(project: Project, names: Sequence[str], base: Path, where: str) -> tuple[Path, ...]:
    """Return the paths of own checks, each a folder with Python files or a Python file.

    :param names: as the user wrote them.
    :param base: the folder that relative names start from.
    :param where: the first words of each error message.
    :raises F07Error: for a path that is not there, that leads out of the project or into a package, or holds no code.
    """
    paths = [Path(os.path.normpath(base / name)) for name in names]
    for path, name in zip(paths, names, strict=True):
        _check(project, path, f"{where} {name!r}")
    return tuple(dict.fromkeys(paths))


def digest_checks(project: Project, paths: Sequence[Path]) -> dict[str, str]:
    """Return the sha256 of each file of own checks, by its path in the project; what Python compiled is left out."""
    files = {file for path in paths for file in _files(path) if file.parent.name != "__pycache__"}
    return {project.show(file): digest(file) for file in sorted(files)}


def _check(project: Project, path: Path, subject: str) -> None:
    if not path.exists():
        raise F07Error(f"{subject}: no such file or folder. {_VALID}.")
    root, place = project.root.resolve(), path.resolve()
    if not place.is_relative_to(root):
        raise F07Error(f"{subject}: lies outside of the project {root}, at {place}. {_VALID}.")
    executions = root / EXECUTIONS
    if place.is_relative_to(executions) or executions.is_relative_to(place):
        raise F07Error(f"{subject}: no code in {EXECUTIONS}/ is run, for packages are there. {_VALID}.")
    for link in _links(path):
        raise F07Error(
            f"{subject}: {project.show(link)} is a symbolic link, to {link.resolve()}. Put the file itself there."
        )
    if not any(file.suffix == ".py" for file in _files(path)):
        what = "has no .py file" if path.is_dir() else "is no .py file"
        raise F07Error(f"{subject}: {what}. {_VALID}.")


def _links(path: Path) -> Iterator[Path]:
    """Yield the links in a folder: what they lead to would be run, and is in no digest."""
    for top, folders, files in os.walk(path):
        yield from (place for name in (*folders, *files) if (place := Path(top, name)).is_symlink())


def _files(path: Path) -> Iterator[Path]:
    yield from (file for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file())
