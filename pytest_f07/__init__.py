"""Validate a sealed F06 package of Keras models in a real runtime.

A pytest plugin: ``pytest --f07-variant=v701`` starts a Flask server with the package's models, replays the package's
datasets through it exactly as read, and judges every model by what the server answered.

What is imported from here is public and stays (docs/python-api.md); it is loaded when it is first used, since pytest
imports this package in every session.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_f07.errors import F07Error
    from pytest_f07.results.reading.run import Run, list_runs, read_run

__all__ = ["F07Error", "Run", "__version__", "list_runs", "read_run"]

__version__ = "0.1.0"

_MODULES = {
    "F07Error": "pytest_f07.errors",
    "Run": "pytest_f07.results.reading.run",
    "list_runs": "pytest_f07.results.reading.run",
    "read_run": "pytest_f07.results.reading.run",
}


def __getattr__(name: str) -> object:
    """Load what is public when it is first asked for (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
