"""Print which distributions are missing here that this checkout needs with some extras and groups; exit 1 if any is.

python tools/missing_packages.py waitress,notebook [--group test] [other options of pip]
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path


def list_missing(extras: Iterable[str], groups: Iterable[str] = ()) -> list[str]:
    """Return the names of the required distributions that are not installed.

    :param extras: the optional dependencies that are wanted, as pyproject.toml in the working folder names them.
    :param groups: the dependency groups that are wanted.
    :returns: the names, in the order of pyproject.toml.
    """
    document = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
    project = document["project"]
    requirements = [
        *project["dependencies"],
        *(line for extra in extras for line in project["optional-dependencies"][extra]),
        *(line for group in groups for line in document["dependency-groups"][group]),
    ]
    names = ["pip", project["name"], *(re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in requirements)]
    return [name for name in names if not _is_installed(name)]


def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("extras")
    parser.add_argument("--group", action="append", default=[])
    arguments, _ = parser.parse_known_args()
    missing = list_missing(arguments.extras.split(","), arguments.group)
    print("\n".join(missing))
    sys.exit(bool(missing))
