"""Run make in a folder, beside a stand-in for Python that writes its arguments into the file ``told``, a line each."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def make(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run make, with nothing of a make or a Python that runs these tests."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS", "PYTHON"))}
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=folder,
        env=clean | {"LC_ALL": "C"} | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def told(folder: Path) -> list[str]:
    """Return the arguments that the stand-in was given."""
    return (folder / "told").read_text().splitlines()
