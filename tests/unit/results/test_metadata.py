"""Test the metadata: the keys of every phase, the outcome of each model, and a digest of each output."""

from __future__ import annotations

import hashlib
import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_f07.replay.replay import Completion, Timings
from pytest_f07.results.metadata import document, git_commit, latency, versions
from pytest_f07.results.verdict import Failure, Verdict
from pytest_f07.variant.documents import to_json
from pytest_f07.variant.paths import Project
from tests.unit.small_run import run_result

quick = settings(derandomize=True, deadline=None)


def read_metadata(root: Path, verdicts: dict[str, Verdict]) -> dict[str, Any]:
    """Return the metadata of a run with these verdicts, as JSON gives it back."""
    paths = Project(root).variant("v701")
    for path, content in (
        (paths.predictions_parquet, b"log"),
        (paths.metrics_csv, b"metrics"),
        (paths.confusion_png("a"), b"png"),
        (paths.report_html, b"html"),
        (paths.server_log, b"not an output"),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    timings = Timings((Completion(1.0, 0.5, 3), Completion(2.5, 0.5, 1)))
    result = run_result(root, verdicts, timings=timings, stage_seconds={"replay": 1.23456})
    metadata: dict[str, Any] = json.loads(to_json(document(result)))
    return metadata


def test_it_says_what_came_of_each_model_and_what_was_written(tmp_path: Path) -> None:
    verdicts = {
        "a": Verdict("a", warnings=["<script> is only text here"]),
        "a__b": Verdict("a__b", failures=[Failure("F07-BOOKS", "they do not balance.")]),
    }
    metadata = read_metadata(tmp_path, verdicts)
    timestamp = datetime.fromisoformat(metadata.pop("timestamp"))
    assert timestamp.utcoffset() == datetime.now(UTC).utcoffset()
    folder = "executions/07_deployrun/v701/"
    outputs = {
        "logs/raw_predictions.parquet": b"log",
        "metrics/metrics_per_model.csv": b"metrics",
        "report/figures/confusion_a.png": b"png",
        "report/report.html": b"html",
    }
    assert metadata == {
        "stage": "07_deployrun",
        "variant": "v701",
        "parent_variant": "v601",
        "inputs": [folder + "params.yaml", folder + "manifest.json"],
        "outputs": [folder + name for name in outputs],
        "params": {"parent_variant_f06": "v601", "runtime": {"host": "127.0.0.1", "port": 5005}, "batch_size": 256},
        "git": {"commit": "unknown"},
        "outcome": "failed",
        "models": {
            "a": {
                "outcome": "passed",
                "failures": [],
                "warnings": ["<script> is only text here"],
                "model": {},
                "metrics": {},
            },
            "a__b": {
                "outcome": "failed",
                "failures": [{"code": "F07-BOOKS", "message": "they do not balance."}],
                "warnings": [],
                "model": {},
                "metrics": {},
            },
        },
        "manifest": {"sha256": "0" * 64},
        "server": {},
        "checks": {},
        "counts": {"windows": 0, "predictions": 0, "rows": {}},
        "versions": versions({}),
        "throughput": {"requests": 2, "windows_per_second": 2.0},
        "latency": {"p50_ms": 500.0, "p95_ms": 500.0, "p99_ms": 500.0},
        "seconds": {"replay": 1.235},
        "warnings": [
            "the manifest of v701 is not sealed (an older tool made it): nobody can tell whether the package is "
            "the one it was made of",
            "a: <script> is only text here",
        ],
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in outputs.items()},
    }


def test_warnings_alone_are_a_pass(tmp_path: Path) -> None:
    assert read_metadata(tmp_path, {"a": Verdict("a", warnings=["constant"])})["outcome"] == "passed"


def test_the_commit_is_that_of_the_project(tmp_path: Path) -> None:
    assert git_commit(tmp_path) == "unknown"
    assert git_commit(tmp_path / "not there") == "unknown"
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    assert git_commit(tmp_path) == "unknown"
    identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, "commit", "-q", "--allow-empty", "-m", "x"], cwd=tmp_path, check=True)
    log = subprocess.run(["git", "log", "--format=%H"], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert git_commit(tmp_path) == log.stdout.strip()


def test_the_software_of_both_processes_is_named() -> None:
    software = versions({"keras": "2.15.0"})
    assert software["server"] == {"keras": "2.15.0"}
    assert {"pytest", "pyarrow", "numpy", "matplotlib"} <= set(software["client"])


@quick
@given(st.lists(st.floats(0, 60), min_size=1, max_size=50))
def test_latency_is_in_milliseconds_and_in_order(seconds: list[float]) -> None:
    percentiles = latency(seconds)
    assert list(percentiles) == ["p50_ms", "p95_ms", "p99_ms"]
    assert percentiles["p50_ms"] <= percentiles["p95_ms"] <= percentiles["p99_ms"]
    np.testing.assert_allclose(percentiles["p50_ms"], np.median(seconds) * 1000, atol=0.001)


def test_no_request_has_no_latency() -> None:
    assert latency([]) == {}
