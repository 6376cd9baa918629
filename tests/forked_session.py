"""Run pytest sessions in forks of a process that has the large libraries loaded: their import is a third of a session.

Each session has a process of its own, as a user's has. What Python reads when it starts (PYTHONPATH, PYTHONWARNINGS,
sitecustomize.py) and matplotlib when it is imported (MPLBACKEND) comes too late for a fork: ``runpytest_subprocess``.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from pathlib import Path

import pytest

LIBRARIES = ["pytest", "pandas", "pyarrow.parquet", "h5py", "requests", "jinja2", "matplotlib.backends.backend_agg",
             "matplotlib.figure"]  # fmt: skip
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(LIBRARIES)
REPOSITORY = Path(__file__).parents[1]


def run_pytest(output: Path, *arguments: str) -> pytest.RunResult:
    """Run pytest in the current folder, with the current environment variables.

    :param output: the folder that gets the files ``stdout`` and ``stderr``.
    """
    begin = time.perf_counter()
    arguments = (f"--basetemp={output / 'runpytest-0'}", *arguments)
    process = FORKS.Process(target=_become_pytest, args=(output, arguments, Path.cwd(), dict(os.environ)), daemon=True)
    process.start()
    process.join()
    assert process.exitcode is not None
    out, err = ((output / name).read_text(encoding="utf-8") for name in ("stdout", "stderr"))
    print(out, err, sep="\n")
    return pytest.RunResult(process.exitcode, out.splitlines(), err.splitlines(), time.perf_counter() - begin)


def _become_pytest(output: Path, arguments: tuple[str, ...], folder: Path, variables: dict[str, str]) -> None:
    """Be what ``python -m pytest`` is."""
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(folder)
    for stream in ("stdout", "stderr"):
        with (output / stream).open("w", encoding="utf-8") as file:
            os.dup2(file.fileno(), getattr(sys, f"__{stream}__").fileno())
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
    sys.argv = ["pytest", *arguments]
    # nothing of the tests that are the parent
    sys.path[:] = [str(folder), *(entry for entry in sys.path if entry and not _is_sources(Path(entry)))]
    for name in [name for name in sys.modules if name == "tests" or name.startswith("tests.")]:
        del sys.modules[name]
    sys.exit(pytest.console_main())


def _is_sources(folder: Path) -> bool:
    return folder == REPOSITORY or folder.is_relative_to(REPOSITORY / "tests")
