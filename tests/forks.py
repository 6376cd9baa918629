"""Run modules in forks of a process that has the large libraries loaded: their import is a third of a small session.

Each call has a process of its own, as a user's has. What Python reads when it starts (PYTHONPATH, PYTHONWARNINGS,
sitecustomize.py) and matplotlib when it is imported (MPLBACKEND) comes too late for a fork.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

LIBRARIES = [
    "pytest",
    "pandas",
    "pyarrow.parquet",
    "h5py",
    "requests",
    "jinja2",
    "matplotlib.backends.backend_agg",
    "matplotlib.figure",
]
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(LIBRARIES)
REPOSITORY = Path(__file__).parents[1]


def run_module(
    module: str, arguments: Sequence[str], folder: Path, variables: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run ``python -m module`` in a folder, with these environment variables and no others."""
    with tempfile.TemporaryDirectory() as output:
        call = (module, list(arguments), folder, dict(variables), Path(output))
        process = FORKS.Process(target=_become, args=call, daemon=True)
        process.start()
        process.join()
        out, err = (Path(output, name).read_text(encoding="utf-8") for name in ("stdout", "stderr"))
    assert process.exitcode is not None
    return subprocess.CompletedProcess([module, *arguments], process.exitcode, out, err)


def _become(module: str, arguments: list[str], folder: Path, variables: dict[str, str], output: Path) -> None:
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(folder)
    for stream in ("stdout", "stderr"):
        with (output / stream).open("w", encoding="utf-8") as file:
            os.dup2(file.fileno(), getattr(sys, f"__{stream}__").fileno())
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
    sys.argv = [module, *arguments]
    # nothing of the tests that are the parent
    sys.path[:] = [str(folder), *(entry for entry in sys.path if entry and not _is_sources(Path(entry)))]
    for name in [name for name in sys.modules if name == "tests" or name.startswith("tests.")]:
        del sys.modules[name]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _is_sources(folder: Path) -> bool:
    return folder == REPOSITORY or folder.is_relative_to(REPOSITORY / "tests")
