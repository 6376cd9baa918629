"""A whole run, with the real server and oracle, among files that are called like modules."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from conftest import F07Project, shadow_modules


@pytest.mark.parametrize("warnings", ["error", "default"])
def test_a_run_imports_nothing_of_the_project(f07_project: F07Project, warnings: str) -> None:
    for folder in (f07_project.root, f07_project.root / "executions", f07_project.variant):
        shadow_modules(folder)
        (folder / "conftest.py").touch()  # pytest puts its folder first on sys.path
    environment = {**os.environ, "PYTHONWARNINGS": warnings}
    done = subprocess.run(
        [sys.executable, "-P", "-m", "pytest", "--f07-variant=v701"],
        cwd=f07_project.root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f07_project.metadata["outcome"] == "passed"
