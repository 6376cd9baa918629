"""Start Python processes that import nothing from the project's folder and turn no warning into an error."""

from __future__ import annotations

import io
import os
import platform
import sys
from importlib.util import find_spec
from pathlib import Path

from pytest_f07.errors import F07Error


def check_system() -> None:
    """Raise :class:`F07Error` on a system where no socket can be handed to a child and no folder locked."""
    if find_spec("fcntl") is None:
        raise F07Error(
            f"pytest-f07 needs a POSIX system, Linux or macOS, and this is {platform.system()}. "
            "On Windows, use it in WSL."
        )


def python_command(module: str, *arguments: str) -> list[str]:
    """Return the command that runs ``module`` with this interpreter.

    ``python -m`` imports from the current folder first: a ``queue.py`` of the user's would stand for Python's own.
    """
    return [sys.executable, "-P", "-m", module, *arguments]


def child_environment() -> dict[str, str]:
    """Return this process's environment for a child in Python.

    ``PYTHONWARNINGS=error`` would end it at the first deprecation, and its log is read as UTF-8 in every locale.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"}
    return {**environment, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8:backslashreplace"}


class _Hidden:
    """A finder of modules, the first to be asked, that says of some that they are not installed."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        """Raise ImportError for a module that is hidden; leave others to the next finder."""
        if name in ("IPython", "matplotlib", "pandas", "scipy"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def hide_optional_modules() -> None:
    """Hide what Keras and Arrow import wherever it is installed and no model needs: a quarter of their import."""
    sys.meta_path.insert(0, _Hidden)


def write_anything() -> None:
    """Escape characters that the locale's encoding lacks, instead of failing to write them."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def import_project_last(root: Path) -> None:
    """Let Python's modules and the installed ones be imported before files of the same name in the project.

    pytest puts the folder of each ``conftest.py`` first on ``sys.path``; what PYTHONPATH names stays where it is.
    """
    first = {Path(entry).resolve() for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry}
    last = [entry for entry in sys.path if Path(entry).resolve() not in first and _is_of_project(root, entry)]
    sys.path[:] = [entry for entry in sys.path if entry not in last] + last


def _is_of_project(root: Path, entry: str) -> bool:
    folder = Path(entry).resolve()  # the empty entry is the current folder
    return folder.is_relative_to(root.resolve()) and not folder.is_relative_to(Path(sys.prefix).resolve())
