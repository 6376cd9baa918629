"""Find model folders that the package does not list; they are not validated."""

from __future__ import annotations

from collections.abc import Collection

from pytest_f07.errors import printable
from pytest_f07.variant.paths import PackagePaths


def unlisted_models(package: PackagePaths, folder_names: Collection[str]) -> list[str]:
    """Return each folder below ``models/`` that is none of the listed ``folder_names``, by its path in the package."""
    if not package.models.is_dir():
        return []
    return [
        f"models/{printable(path.name)}"
        for path in sorted(package.models.iterdir())
        if path.is_dir() and not path.name.startswith(".") and path.name not in folder_names
    ]
