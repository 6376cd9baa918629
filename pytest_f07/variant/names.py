"""Check the names of models: valid as file names everywhere, and different on every file system."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from unicodedata import normalize

from pytest_f07.errors import F07Error

MAX_LETTERS = 100
# A file name has room for 255 bytes, and .confusion_<name>.png.<8 letters>, while it is written, takes 24 of them.
MAX_BYTES = 200
MAX_FOLDER_BYTES = 255


def check_name(value: object, where: str) -> str:
    """Return a prediction_name or model_id composed (NFC), since it becomes part of file names.

    :raises F07Error: that begins with ``where``, for what cannot be a file name everywhere.
    """
    name = composed(value) if isinstance(value, str) else ""
    allowed = all(character.isalnum() or character in "_-." for character in name)  # "." first: it would not be sealed
    if not allowed or not 1 <= len(name) <= MAX_LETTERS or name.startswith("."):
        raise F07Error(
            f"{where} is {value!r}; it must be 1 to {MAX_LETTERS} letters, digits, '_', '-' or '.', not '.' first."
        )
    if (size := len(name.encode())) > MAX_BYTES:
        raise F07Error(f"{where} is {name!r}, {size} bytes in UTF-8; names of files have room for {MAX_BYTES}.")
    check_encoding(name, where)
    return name


def check_encoding(name: str, where: str) -> None:
    """Raise :class:`F07Error` where ``name`` has letters that file names lack here, or libraries write otherwise."""
    if not name.isascii() and (encoding := sys.getfilesystemencoding()) != "utf-8":
        raise F07Error(f"{where} is {name!r}, and file names are in {encoding} here. Set PYTHONUTF8=1 and try again.")


def check_folder_name(name: str, where: str) -> str:
    """Return the name of a model's folder; :class:`F07Error` where no file system has room for it."""
    if (size := len(name.encode())) > MAX_FOLDER_BYTES:
        raise F07Error(
            f"{where}: prediction_name and model_id make the folder {name!r}, {size} bytes in UTF-8; names of files "
            f"have room for {MAX_FOLDER_BYTES}."
        )
    return name


def composed(text: str) -> str:
    """Return ``text`` in NFC: macOS and some editors write an accent as a character of its own."""
    return normalize("NFC", text)


def caseless(name: str) -> str:
    """Return the key that names share where they differ only in letter case or normalization."""
    return composed(normalize("NFD", name).casefold())


def first_collision(names: Iterable[str]) -> tuple[str, str] | None:
    """Return the first two names that would share their files where letter case does not count; None without any."""
    earlier: dict[str, str] = {}
    for name in names:
        if (key := caseless(name)) in earlier:
            return earlier[key], name
        earlier[key] = name
    return None


def find_folder(path: Path, where: str) -> Path:
    """Return the folder ``path``, whose name may be decomposed (NFD) on disk.

    :raises F07Error: where both spellings are there.
    """
    if path.name.isascii() or not path.parent.is_dir():
        return path
    spellings = [other for other in path.parent.iterdir() if composed(other.name) == path.name]
    if len(spellings) > 1:
        raise F07Error(f"{where}: is there twice, once with composed and once with decomposed accents. Keep one.")
    return spellings[0] if spellings else path
