"""07_deployrun_metadata.json, written last of all: its presence means that the run is complete."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

import pytest_f07
from pytest_f07.results.verdict import Verdict
from pytest_f07.variant.paths import DEPLOYRUN, Outputs, Project
from pytest_f07.variant.seal import digest

CLIENT_SOFTWARE = ("pytest", "pytest-html", "pytest-xprocess", "pyarrow", "numpy", "matplotlib")


def git_commit(root: Path) -> str:
    """The commit that ``root`` is at; "unknown" outside a repository, as the other phases write it."""
    try:
        found = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, check=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return found.stdout.strip()


def versions(server: Mapping[str, str]) -> dict[str, Any]:
    """The software of both processes."""
    return {
        "pytest-f07": pytest_f07.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "client": {name: metadata.version(name) for name in CLIENT_SOFTWARE},
        "server": dict(server),
    }


def latency(seconds: Sequence[float]) -> dict[str, float]:
    """Milliseconds a request took: p50, p95 and p99."""
    if not seconds:
        return {}
    return {f"p{q}_ms": round(float(np.percentile(seconds, q)) * 1000, 3) for q in (50, 95, 99)}


def document(
    project: Project, outputs: Outputs, variant: str, parent: str, inputs: Sequence[Path], params: Mapping[str, Any],
    verdicts: Mapping[str, Verdict], facts: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """The whole document; ``facts`` are counts, software and pace as the run knows them."""
    written = sorted(
        path for part in (outputs.logs, outputs.metrics, outputs.report) for path in part.rglob("*") if path.is_file()
    )
    failed = [verdict for verdict in verdicts.values() if verdict.failures]
    return {
        "stage": DEPLOYRUN,
        "variant": variant,
        "parent_variant": parent,
        "timestamp": datetime.now(UTC).isoformat(),
        "inputs": [project.show(path) for path in inputs],
        "outputs": [project.show(path) for path in written],
        "params": dict(params),
        "git": {"commit": git_commit(project.root)},
        "outcome": "failed" if failed else "passed",
        "models": {
            name: {
                "outcome": "failed" if verdict.failures else "passed",
                "failures": [{"code": one.code, "message": one.sentence} for one in verdict.failures],
                "warnings": verdict.warnings,
                **(verdict.equivalence.row() if verdict.equivalence else {}),
            }
            for name, verdict in verdicts.items()
        },
        **facts,
        "sha256": {path.relative_to(outputs.folder).as_posix(): digest(path) for path in written},
    }
