"""Print which distributions are missing here that pytest-f07 needs with some extras and groups; exit 1 where one is.

python tools/missing_packages.py waitress,notebook test,lint
"""

from __future__ import annotations

import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution, requires
from pathlib import Path


def list_missing(extras: set[str], groups: set[str]) -> list[str]:
    """Return the names of the required distributions that are not installed.

    :param extras: the extras of pytest-f07 that are wanted.
    :param groups: the dependency groups of pyproject.toml that are wanted.
    :returns: the names, in the order of pyproject.toml.
    """
    names = ["pip", "pytest-f07"]
    try:
        for requirement in requires("pytest-f07") or ():
            specifier, _, marker = requirement.partition(";")
            extra = re.search(r"""extra == ["'](\w+)""", marker)
            if extra is None or extra[1] in extras:
                names.append(_name(specifier))
    except PackageNotFoundError:
        pass
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))
    for group in sorted(groups):
        names += [_name(specifier) for specifier in project["dependency-groups"].get(group, [])]
    return [name for name in names if not _is_installed(name)]


def _name(specifier: str) -> str:
    return re.split(r"[^\w.-]", specifier, maxsplit=1)[0]


def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


if __name__ == "__main__":
    missing = list_missing(set(sys.argv[1].split(",")), set(sys.argv[2].split(",")))
    print("\n".join(missing))
    sys.exit(bool(missing))
