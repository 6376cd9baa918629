"""The seal of a package: the sha256 and the size of each of its files."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict

from pytest_f07.errors import F07Error

MAX_DEPTH = 20


class FileSeal(TypedDict):
    """What the manifest says of one file; ``size`` in bytes."""

    sha256: str
    size: int


def digest(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def package_files(folder: Path) -> list[str]:
    """Every file of a package, relative to its folder, sorted; hidden files and DVC's own are not the package's.

    :raises F07Error: for a symbolic link, since a package must be whole in its own folder, for what is no file
        (reading a pipe would wait for ever), for a name that is no text, and for folders without end.
    """
    found = []
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
        own = (name for name in files if not name.startswith(".") and not name.endswith(".dvc"))
        found += [Path(top, name).relative_to(folder).as_posix() for name in own]
    return sorted(found)


def seal(folder: Path) -> dict[str, FileSeal]:
    """The seal of every file of the package, by its path relative to ``folder``."""
    return {
        name: FileSeal(sha256=digest(folder / name), size=(folder / name).stat().st_size)
        for name in package_files(folder)
    }


def check_seal(folder: Path, sealed: Mapping[str, FileSeal], variant: str) -> None:
    """Raise :class:`F07Error` that names the first file which is not as ``variant``'s manifest sealed it."""
    there = package_files(folder)
    for name in sorted({*there, *sealed}):
        if name not in sealed:
            _broken(folder, variant, f"{name} was added")
        if name not in there:
            _broken(folder, variant, f"{name} is missing")
        found = digest(folder / name)
        if found != sealed[name]["sha256"]:
            _broken(folder, variant, f"{name} has changed (sha256 {found[:12]}… was {sealed[name]['sha256'][:12]}…)")


def _broken(folder: Path, variant: str, what: str) -> None:
    raise F07Error(
        f"package {folder.name} no longer matches the seal of {variant}: {what}. "
        "Make a new variant for the changed package, or restore the file (dvc checkout)."
    )
