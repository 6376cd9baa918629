"""The metadata: what the other phases write too, the outcome of each model, and a digest of each output."""

from __future__ import annotations

import hashlib
import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pytest_f07.results.metadata import document, git_commit, latency, versions
from pytest_f07.results.verdict import Failure, Verdict
from pytest_f07.variant.documents import to_json
from pytest_f07.variant.paths import Project


def told(root: Path, verdicts: dict[str, Verdict]) -> dict:
    project = Project(root)
    paths = project.variant("v701")
    for path, content in (
        (paths.predictions_parquet, b"log"),
        (paths.metrics_csv, b"metrics"),
        (paths.confusion_png("a"), b"png"),
        (paths.report_html, b"html"),
        (paths.server_log, b"not an output"),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    made = document(
        project,
        paths,
        "v701",
        "v601",
        [paths.params, paths.manifest],
        {"batch_size": 2},
        verdicts,
        {"counts": {"a": 1}},
    )
    return json.loads(to_json(made))


def test_it_says_what_came_of_each_model_and_what_was_written(tmp_path: Path) -> None:
    verdicts = {
        "a": Verdict("a", warnings=["<script> is only text here"]),
        "a__b": Verdict("a__b", failures=[Failure("F07-BOOKS", "they do not balance.")]),
    }
    found = told(tmp_path, verdicts)
    timestamp = datetime.fromisoformat(found.pop("timestamp"))
    assert timestamp.utcoffset() == datetime.now(UTC).utcoffset()
    here = "executions/07_deployrun/v701/"
    outputs = {
        "logs/raw_predictions.parquet": b"log",
        "metrics/metrics_per_model.csv": b"metrics",
        "report/figures/confusion_a.png": b"png",
        "report/report.html": b"html",
    }
    assert found == {
        "stage": "07_deployrun",
        "variant": "v701",
        "parent_variant": "v601",
        "inputs": [here + "params.yaml", here + "manifest.json"],
        "outputs": [here + name for name in outputs],
        "params": {"batch_size": 2},
        "git": {"commit": "unknown"},
        "outcome": "failed",
        "models": {
            "a": {"outcome": "passed", "failures": [], "warnings": ["<script> is only text here"]},
            "a__b": {
                "outcome": "failed",
                "failures": [{"code": "F07-BOOKS", "message": "they do not balance."}],
                "warnings": [],
            },
        },
        "counts": {"a": 1},
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in outputs.items()},
    }


def test_warnings_alone_are_a_pass(tmp_path: Path) -> None:
    assert told(tmp_path, {"a": Verdict("a", warnings=["constant"])})["outcome"] == "passed"


def test_the_commit_is_that_of_the_project(tmp_path: Path) -> None:
    assert git_commit(tmp_path) == "unknown"
    assert git_commit(tmp_path / "not there") == "unknown"
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    assert git_commit(tmp_path) == "unknown"
    who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, "commit", "-q", "--allow-empty", "-m", "x"], cwd=tmp_path, check=True)
    said = subprocess.run(["git", "log", "--format=%H"], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert git_commit(tmp_path) == said.stdout.strip()


def test_the_software_of_both_processes_is_named() -> None:
    found = versions({"keras": "2.15.0"})
    assert found["server"] == {"keras": "2.15.0"}
    assert {"pytest", "pyarrow", "numpy", "matplotlib"} <= set(found["client"])


@given(st.lists(st.floats(0, 60), min_size=1, max_size=50))
def test_latency_is_in_milliseconds_and_in_order(seconds: list[float]) -> None:
    found = latency(seconds)
    assert list(found) == ["p50_ms", "p95_ms", "p99_ms"]
    assert found["p50_ms"] <= found["p95_ms"] <= found["p99_ms"]
    np.testing.assert_allclose(found["p50_ms"], np.median(seconds) * 1000, atol=0.001)


def test_no_request_has_no_latency() -> None:
    assert latency([]) == {}
