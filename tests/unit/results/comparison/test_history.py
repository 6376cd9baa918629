"""The runs of each model in time order, and what changed between them."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from conftest import ENVIRONMENT
from pytest_f07.results.comparison.history import read_history
from pytest_f07.results.formulas import Counts
from pytest_f07.results.metric_table import values
from pytest_f07.variant.paths import Project

RECORD = {"sha256": "a", "threshold": 0.5, "vocabulary": "b", "keras": "2.15.0", "dataset_sha256": "c"}


def write_metadata(project: Project, variant: str, timestamp: str, **values_of_a: Any) -> None:
    paths = project.variant(variant)
    paths.folder.mkdir(parents=True, exist_ok=True)
    model = {"outcome": "passed", "model": RECORD, "metrics": values(Counts(3, 4, 1, 2)), **values_of_a}
    document = {
        "variant": variant,
        "parent_variant": "v601",
        "timestamp": timestamp,
        "models": {"a": model},
        "versions": {"server": {"tensorflow": "2.15.1"}},
    }
    paths.metadata.write_text(json.dumps(document))


def test_runs_stand_in_time_order_with_what_changed(tmp_path: Path) -> None:
    project = Project(tmp_path)
    write_metadata(project, "v703", "2026-01-01T10:00:00+00:00", model=None, metrics=None)
    write_metadata(project, "v701", "2026-01-02T10:00:00+00:00")
    write_metadata(
        project,
        "v702",
        "2026-01-03T10:00:00+00:00",
        model={**RECORD, "threshold": 0.6},
        outcome="failed",
        intervals={"block_rows": 60, "f1": [0.5, 0.75]},
    )
    write_metadata(project, "v704", "2026-01-04T10:00:00+00:00", metrics=values(Counts(0, 4, 0, 2)))
    path = project.variant("v704").metadata
    server = {"url": "http://127.0.0.1:8501", "protocol": "kserve-v1", "started_by_run": False}
    path.write_text(json.dumps({**json.loads(path.read_text()), "server": server}))
    (project.variants / "v705").mkdir()
    (project.variants / "v705" / "07_deployrun_metadata.json").write_text("{")
    [entries] = read_history(project).values()
    assert [(entry.when, entry.name, entry.outcome) for entry in entries] == [
        ("2026-01-01 10:00", "v703", "passed"),
        ("2026-01-02 10:00", "v701", "passed"),
        ("2026-01-03 10:00", "v702", "failed"),
        ("2026-01-04 10:00", "v704", "passed"),
    ]
    assert [entry.changes for entry in entries] == [
        (),
        ("what the model was then is not recorded",),
        ("threshold 0.5 then, 0.6 now",),
        ("threshold 0.6 then, 0.5 now", "server: the run's own then, http://127.0.0.1:8501 (kserve-v1) now"),
    ]
    assert [entry.metrics["precision"] for entry in entries] == [
        "not recorded",
        "0.7500 (0.3006 to 0.9544)",
        "0.7500 (0.3006 to 0.9544)",
        "undefined",
    ]
    assert [entry.metrics["f1"] for entry in entries[1:]] == ["0.6667", "0.6667 (0.5000 to 0.7500)", "0.0000"]


def test_only_the_models_asked_for(tmp_path: Path) -> None:
    write_metadata(Project(tmp_path), "v701", "2026-01-02T10:00:00+00:00")
    assert list(read_history(Project(tmp_path), ["b", "a"])) == ["a"]
    assert read_history(Project(tmp_path), ["b"]) == read_history(Project(tmp_path / "nothing")) == {}


def test_published_runs_are_told_too_each_once(tmp_path: Path) -> None:
    project = Project(tmp_path / "plant")

    def git(*arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=tmp_path, env={**os.environ, **ENVIRONMENT}, check=True)

    git("init", "--quiet")
    for day in (1, 2, 3):
        write_metadata(project, "v701", f"2026-01-0{day}T10:00:00+00:00", model={**RECORD, "sha256": str(day)})
        git("add", "--all")
        git("commit", "--quiet", "--message=a run")
    git("rm", "--quiet", "-r", "plant")
    git("commit", "--quiet", "--message=removed")
    write_metadata(project, "v701", "2026-01-03T10:00:00+00:00")
    [entries] = read_history(project).values()
    assert [entry.when[:10] for entry in entries] == ["2026-01-01", "2026-01-02", "2026-01-03"]
    assert [entry.revision != "" for entry in entries] == [True, True, False]
    assert entries[0].name.startswith("v701@")
    assert entries[1].changes == ("another model file",)


def test_an_interval_from_a_value_to_itself_is_not_told(tmp_path: Path) -> None:
    never_1 = values(Counts(0, 4, 0, 2))
    write_metadata(
        Project(tmp_path), "v701", "2026-01-02T10:00:00+00:00", metrics=never_1, intervals={"f1": [0.0, 0.0]}
    )
    [[entry]] = read_history(Project(tmp_path)).values()
    assert entry.metrics["f1"] == "0.0000"
