"""Seal a package: record the sha256 and the size of each of its files, and compare them later."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict

from pytest_f07.errors import F07Error
from pytest_f07.variant.names import composed

MAX_DEPTH = 20
_RESTORE = "restore the file (git checkout, dvc checkout)"


class FileSeal(TypedDict):
    """The manifest's entry of a file; ``size`` in bytes."""

    sha256: str
    size: int


def digest(path: Path) -> str:
    """Return the sha256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sealed_name(path: Path, folder: Path) -> str:
    """Return a file's name in the seal: its path in the package, its accents composed on every system."""
    return composed(path.relative_to(folder).as_posix())


def package_files(folder: Path) -> dict[str, Path]:
    """Return every file of a package by its sealed name, sorted; hidden files and DVC's own are not the package's.

    :raises F07Error: for a symbolic link, since a package must hold all its files, for what is no file
        (reading a pipe would wait for ever), for a name that is no text, for two files of one name, and for folders
        without end.
    """
    files_by_name: dict[str, Path] = {}
    for top, folders, files in os.walk(folder):
        if len(Path(top).relative_to(folder).parts) > MAX_DEPTH:
            raise F07Error(f"package {folder.name}: has folders more than {MAX_DEPTH} deep; a package's are two deep.")
        for name in folders + files:
            path = Path(top, name)
            if any("\ud800" <= character <= "\udfff" for character in name):
                raise F07Error(f"package {folder.name}: the name {name!r} is not UTF-8. Rename or remove the file.")
            if path.is_symlink():
                raise F07Error(
                    f"package {folder.name}: {path.relative_to(folder).as_posix()} is a symbolic link; "
                    "a package holds its files itself. Copy the file into it (dvc unprotect)."
                )
            if not path.is_dir() and not path.is_file():
                raise F07Error(f"package {folder.name}: {path.relative_to(folder).as_posix()} is no regular file.")
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for path in (Path(top, name) for name in files if not name.startswith(".") and not name.endswith(".dvc")):
            if (sealed := sealed_name(path, folder)) in files_by_name:
                raise F07Error(
                    f"package {folder.name}: {sealed} is there twice, once with composed and once with decomposed "
                    "accents. Keep one."
                )
            files_by_name[sealed] = path
    return dict(sorted(files_by_name.items()))


def seal(folder: Path) -> dict[str, FileSeal]:
    """Return the seal of every file of the package, by its path relative to ``folder``."""
    return {
        name: FileSeal(sha256=digest(path), size=path.stat().st_size) for name, path in package_files(folder).items()
    }


def check_seal(folder: Path, sealed: Mapping[str, FileSeal], variant: str) -> None:
    """Raise :class:`F07Error` that names the first file which is not as ``variant``'s manifest sealed it."""
    files = package_files(folder)
    digests = {composed(name): file["sha256"] for name, file in sealed.items()}
    for name in sorted({*files, *digests}):
        if name not in digests:
            _raise_broken(folder, variant, f"{name} was added", "remove the file")
        if name not in files:
            _raise_broken(folder, variant, f"{name} is missing")
        sha256 = digest(files[name])
        if sha256 != digests[name]:
            _raise_broken(folder, variant, f"{name} has changed (sha256 {sha256[:12]}… was {digests[name][:12]}…)")


def _raise_broken(folder: Path, variant: str, change: str, remedy: str = _RESTORE) -> None:
    raise F07Error(
        f"package {folder.name} no longer matches the seal of {variant}: {change}. "
        f"Make a new variant for the changed package, or {remedy}."
    )
