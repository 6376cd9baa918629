"""Print which distributions are missing here that pytest-f07 needs with some extras, and exit 1 where one is.

python tools/missing_packages.py waitress,notebook
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import PackageNotFoundError, distribution, requires


def list_missing(extras: set[str]) -> list[str]:
    """Return the names of the required distributions that are not installed.

    :param extras: the extras of pytest-f07 that are wanted.
    :returns: the names, in the order of pyproject.toml.
    """
    names = ["pip", "pytest-f07"]
    try:
        for requirement in requires("pytest-f07") or ():
            specifier, _, marker = requirement.partition(";")
            extra = re.search(r"""extra == ["'](\w+)""", marker)
            if extra is None or extra[1] in extras:
                names.append(re.split(r"[^\w.-]", specifier, maxsplit=1)[0])
    except PackageNotFoundError:
        pass
    return [name for name in names if not _is_installed(name)]


def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


if __name__ == "__main__":
    missing = list_missing(set(sys.argv[1].split(",")))
    print("\n".join(missing))
    sys.exit(bool(missing))
