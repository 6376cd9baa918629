"""Hold what each process imports: a run's start waits for nothing that it does not use."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"IPython", "distributed", "flask", "h5py", "keras", "matplotlib", "pandas", "pyarrow", "scipy", "tensorflow"}

LISTING = "import sys; print(*sorted({name for name, module in sys.modules.items() if module is not None}))"
HIDE = "from pytest_f07.variant.interpreter import hide_optional_modules; hide_optional_modules()"
STARTS = {
    "a session of other tests": ("import pytest_f07.plugin", set[str]()),
    "the public names": ("from pytest_f07 import *", set[str]()),
    "a run, before its server is started": ("import pytest_f07.plugin.fixtures", {"h5py", "pyarrow"}),
    "the server": (f"{HIDE}; import pytest_f07.server.models", {"h5py", "keras", "pyarrow", "tensorflow"}),
    "the oracle": (f"{HIDE}; import pytest_f07.oracle.models", {"h5py", "keras", "pyarrow", "tensorflow"}),
    "a process that draws": (
        "from pytest_f07.results import canvas, drawing, figures; canvas.load_matplotlib()",
        {"matplotlib"},
    ),
}


@pytest.mark.parametrize(("statement", "allowed"), STARTS.values(), ids=STARTS.keys())
def test_a_process_imports_nothing_heavy_that_it_does_not_use(statement: str, allowed: set[str]) -> None:
    command = [sys.executable, "-c", f"{statement}; {LISTING}"]
    listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert HEAVY & set(listing) <= allowed
