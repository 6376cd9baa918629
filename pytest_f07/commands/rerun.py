"""check7 RERUN=1: run a variant a second time, in a temporary folder, and compare what both runs wrote."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pytest_f07.commands.check import Finding
from pytest_f07.equivalence.tolerance import score_difference
from pytest_f07.log.reader import LogReader
from pytest_f07.results.reading.complete import read_metadata, require_variant
from pytest_f07.variant import manifest
from pytest_f07.variant.documents import to_yaml
from pytest_f07.variant.interpreter import child_environment, python_command
from pytest_f07.variant.params import Params
from pytest_f07.variant.paths import EXECUTIONS, Project, VariantPaths
from pytest_f07.variant.seal import digest
from pytest_f07.variant.wording import agreeing, counted

# The folders whose bytes are the same whenever the same software runs on the same kind of processor.
REPEATED = ("logs/", "metrics/", "report/figures/")
BLOCK_ROWS = 65_536


def check_rerun(project: Project, variant: str) -> Finding:
    """Return whether a second run of a variant writes the same logs, metrics and figures; change no file of the first.

    :raises F07Error: where there is no complete run of this tool.
    """
    paths = require_variant(project, variant)
    document = read_metadata(project, paths)
    with tempfile.TemporaryDirectory(prefix="pytest-f07-") as folder:
        again = _copy(project, paths, Path(folder))
        run = subprocess.run(
            python_command("pytest", f"--f07-variant={variant}", "-W", "default"),
            cwd=again.folder.parents[2],
            env=child_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        if not again.metadata.is_file():
            return Finding("repeated", unknown=f"the second run was not completed: {_reason(run.stdout)}")
        return _compare(paths, again, document["sha256"])


def _copy(project: Project, paths: VariantPaths, folder: Path) -> VariantPaths:
    """Declare the variant in a project of its own, with links to the package and to the files beside executions/."""
    root = folder.resolve() / "project"
    copied = Project(root)
    copied.variant(paths.name).folder.mkdir(parents=True)
    copied.packages.mkdir()
    package = manifest.load(project, paths.name).package.folder
    (copied.packages / package.name).symlink_to(package.resolve())
    shutil.copyfile(paths.manifest, copied.variant(paths.name).manifest)
    # Own checks write nothing that is compared, and may not be read through the links below.
    params = replace(Params.read(paths.params, project.show(paths.params)), checks=())
    copied.variant(paths.name).params.write_bytes(to_yaml(params.document()))
    for path in project.root.iterdir():
        if path.name != EXECUTIONS and not path.name.startswith("."):
            (root / path.name).symlink_to(path.resolve())
    return copied.variant(paths.name)


def _reason(output: str) -> str:
    """Return the line that says why a run was refused or broke."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    named = [line for line in lines if line.startswith(("ERROR: ", "F07-BROKEN"))]
    return (named or lines or ["it said nothing"])[-1]


def _compare(first: VariantPaths, second: VariantPaths, sealed: Mapping[str, Any]) -> Finding:
    names = [name for name in sealed if name.startswith(REPEATED)]
    other = [name for name in names if not (path := second.folder / name).is_file() or digest(path) != sealed[name]]
    if not other:
        return Finding("repeated", f"a second run wrote the same {counted(len(names), 'file')}, byte by byte")
    verb = agreeing(len(other), "differs", "differ")
    scores = _describe_scores(first, second)
    return Finding(
        "repeated", wrong=f"{counted(len(other), 'file')} of a second run {verb}: {', '.join(other)}{scores}"
    )


def _describe_scores(first: VariantPaths, second: VariantPaths) -> str:
    """Return how many scores differ and by how much, as the end of a sentence; empty where none does."""
    differing, rows, largest = 0, 0, 0.0
    with LogReader(first.predictions_parquet, 1) as log, LogReader(second.predictions_parquet, 1) as other:
        while len(block := log.take(BLOCK_ROWS)):
            later = other.take(len(block)).y_prob
            difference = score_difference(block.y_prob[: len(later)], later)
            rows += len(later)
            differing += int((difference > 0).sum())
            largest = max(largest, float(np.max(difference, initial=0)))
    if not differing:
        return ""
    return (
        f"; {differing:,} of {counted(rows, 'score')} {agreeing(differing, 'is', 'are')} apart by up to {largest:.2g}"
    )
