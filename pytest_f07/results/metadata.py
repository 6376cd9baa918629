"""Describe a complete run in 07_deployrun_metadata.json, which is written last of all."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

import pytest_f07
from pytest_f07.results.run_result import RunResult
from pytest_f07.results.verdict import Verdict
from pytest_f07.variant.paths import DEPLOYRUN
from pytest_f07.variant.seal import digest

CLIENT_SOFTWARE = ("pytest", "pytest-html", "pytest-xprocess", "pyarrow", "numpy", "matplotlib")


def git_commit(root: Path) -> str:
    """Return the commit of ``root``; "unknown" outside a repository, as the other phases write it."""
    try:
        result = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, check=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return result.stdout.strip()


def versions(server: Mapping[str, str]) -> dict[str, Any]:
    """Return the versions of pytest-f07, Python and the libraries of both processes.

    :param server: the versions that the server gives.
    """
    return {
        "pytest-f07": pytest_f07.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "client": dict(_client_versions()),
        "server": dict(server),
    }


@cache
def _client_versions() -> dict[str, str]:
    """Return the versions of the libraries of this process; to look them up takes some milliseconds each."""
    return {name: metadata.version(name) for name in CLIENT_SOFTWARE}


def latency(seconds: Sequence[float]) -> dict[str, float]:
    """Return p50, p95 and p99 of the requests' seconds, in milliseconds; nothing where there are no requests."""
    if not seconds:
        return {}
    return {f"p{q}_ms": round(float(np.percentile(seconds, q)) * 1000, 3) for q in (50, 95, 99)}


def describe_models(result: RunResult) -> dict[str, Any]:
    """Return what the metadata say of the run and its models, before its files are all written."""
    return {
        "stage": DEPLOYRUN,
        "variant": result.variant,
        "parent_variant": result.package,
        "timestamp": datetime.now(UTC).isoformat(),
        "models": {name: _model(verdict, result.records.get(name, {})) for name, verdict in result.verdicts.items()},
        "versions": versions(result.identity.get("versions", {})),
    }


def document(result: RunResult) -> dict[str, Any]:
    """Return the metadata of a complete run, whose files are all written."""
    outputs, manifest = result.outputs, result.manifest
    show = manifest.project.show
    written = sorted(
        path for part in (outputs.logs, outputs.metrics, outputs.report) for path in part.rglob("*") if path.is_file()
    )
    inputs = [manifest.paths.params, manifest.paths.manifest, *(dataset.path for dataset in result.datasets)]
    timings, comparison = result.timings, result.comparison
    described = describe_models(result)
    return {
        **{key: described[key] for key in ("stage", "variant", "parent_variant", "timestamp")},
        "inputs": [show(path) for path in inputs],
        "outputs": [show(path) for path in written],
        "params": result.params.document(),
        "git": {"commit": git_commit(manifest.project.root)},
        "outcome": result.outcome,
        "models": described["models"],
        **({"comparison": {"against": comparison.name, "summary": comparison.summary}} if comparison else {}),
        "manifest": {"sha256": manifest.digest},
        "server": dict(result.server),
        "checks": {check.key: check.text for check in result.checks},
        **({"own_checks": result.own_checks.document()} if result.own_checks.checks else {}),
        "counts": {**result.counts, "rows": {dataset.source_f04: dataset.rows for dataset in result.datasets}},
        "versions": described["versions"],
        **{key: result.identity[key] for key in ("processor", "kernels") if key in result.identity},
        **({"cluster": result.workers.document()} if result.workers else {}),
        **({"resumed": result.resumed.document()} if result.resumed else {}),
        "throughput": {"requests": len(timings.completions), "windows_per_second": timings.windows_per_second},
        "latency": latency(timings.latencies),
        "seconds": {stage: round(seconds, 3) for stage, seconds in result.stage_seconds.items()},
        "warnings": result.warnings,
        "sha256": {path.relative_to(outputs.folder).as_posix(): digest(path) for path in written},
    }


def _model(verdict: Verdict, record: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "outcome": "failed" if verdict.failures else "passed",
        "failures": [{"code": failure.code, "message": failure.sentence} for failure in verdict.failures],
        "warnings": verdict.warnings,
        **(verdict.equivalence.row() if verdict.equivalence else {}),
        "model": record,
        "metrics": verdict.values,
        **(verdict.assessment.document() if verdict.assessment else {}),
    }
