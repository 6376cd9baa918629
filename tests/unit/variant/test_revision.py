"""A run as git keeps it in another revision: what is fetched, and what is refused. DVC itself is in the integration."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path

import pytest

from conftest import ENVIRONMENT
from pytest_f07.errors import F07Error
from pytest_f07.variant.paths import Project
from pytest_f07.variant.revision import fetch_run, git_environment

SUBJECT = "--f07-compare=v701@HEAD"
FILES = {"metrics/metrics_per_model.csv": b"metrics", "logs/raw_predictions.parquet": b"the log\x00of then"}


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=root, env={**os.environ, **ENVIRONMENT}, check=True, capture_output=True)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project in a folder of a repository, with a committed run of v701 that has changed since."""
    project = Project(tmp_path / "plant" / "checkout")
    paths = project.variant("v701")
    digests = {}
    for name, content in FILES.items():
        (paths.folder / name).parent.mkdir(parents=True)
        (paths.folder / name).write_bytes(content)
        digests[name] = hashlib.sha256(content).hexdigest()
    paths.metadata.write_text(json.dumps({"sha256": digests}))
    git(project.root.parent, "init", "--quiet")
    git(project.root, "add", "--all")
    git(project.root, "commit", "--quiet", "--message=a run")
    paths.predictions_parquet.write_bytes(b"the log of now")
    return project


def refuse(project: Project, folder: Path, message: str, revision: str = "HEAD", variant: str = "v701") -> None:
    with pytest.raises(F07Error) as caught:
        fetch_run(project, variant, revision, folder, SUBJECT)
    assert str(caught.value).startswith(f"{SUBJECT}: {message}"), str(caught.value)


def test_the_files_of_that_revision_are_fetched(project: Project, tmp_path: Path) -> None:
    fetched, commit = fetch_run(project, "v701", "HEAD", tmp_path / "fetched", SUBJECT)
    assert len(commit) == 40
    paths = fetched.variant("v701")
    assert {name: (paths.folder / name).read_bytes() for name in FILES} == FILES
    assert json.loads(paths.metadata.read_text())["sha256"].keys() == FILES.keys()
    assert project.variant("v701").predictions_parquet.read_bytes() == b"the log of now"


def test_a_log_in_parts_is_fetched_and_no_name_leads_elsewhere(project: Project, tmp_path: Path) -> None:
    paths = project.variant("v701")
    paths.predictions_parquet.unlink()
    paths.predictions_parquet.mkdir()
    digests = json.loads(paths.metadata.read_text())["sha256"]
    log = "logs/raw_predictions.parquet"
    digests.pop(log)
    for number in range(2):
        (paths.predictions_parquet / f"part-0000{number}.parquet").write_bytes(b"part %d" % number)
        digests[f"{log}/part-0000{number}.parquet"] = hashlib.sha256(b"part %d" % number).hexdigest()
    digests[f"{log}/../../../../../outside"] = digests[f"{log}/part-0000x.parquet"] = "0" * 64
    paths.metadata.write_text(json.dumps({"sha256": digests}))
    git(project.root, "add", "--all")
    git(project.root, "commit", "--quiet", "--message=a log in parts")
    fetched, _ = fetch_run(project, "v701", "HEAD", tmp_path / "fetched", SUBJECT)
    parts = sorted(fetched.variant("v701").predictions_parquet.iterdir())
    assert [(part.name, part.read_bytes()) for part in parts] == [
        ("part-00000.parquet", b"part 0"),
        ("part-00001.parquet", b"part 1"),
    ]
    git(project.root, "rm", "--quiet", str(paths.predictions_parquet / "part-00001.parquet"))
    git(project.root, "commit", "--quiet", "--message=a part is gone")
    refuse(project, tmp_path / "again", f"{log} of HEAD lacks {log}/part-00001.parquet, which its metadata name.")


@pytest.mark.parametrize("revision", ["v9.9", "--help", "HEAD~7", ""])
def test_a_revision_that_is_none_is_refused(project: Project, tmp_path: Path, revision: str) -> None:
    refuse(project, tmp_path / "fetched", f"git knows no revision {revision!r} here.", revision)


def test_a_revision_without_a_run_is_refused(project: Project, tmp_path: Path) -> None:
    message = "executions/07_deployrun/v702/07_deployrun_metadata.json of HEAD: no such file, so that revision holds no"
    refuse(project, tmp_path / "fetched", message, variant="v702")


def test_a_file_that_the_metadata_does_not_name_is_refused(project: Project, tmp_path: Path) -> None:
    git(project.root, "commit", "--quiet", "--all", "--message=another log")
    message = "logs/raw_predictions.parquet of HEAD is not the file that its metadata names (sha256 "
    refuse(project, tmp_path / "fetched", message)


def test_a_log_that_nobody_keeps_is_refused(project: Project, tmp_path: Path) -> None:
    git(project.root, "rm", "--quiet", "--force", "executions/07_deployrun/v701/logs/raw_predictions.parquet")
    git(project.root, "commit", "--quiet", "--message=no log")
    refuse(project, tmp_path / "fetched", "logs/raw_predictions.parquet of HEAD: dvc get failed: ")


def test_where_there_is_no_repository_there_is_no_revision(tmp_path: Path) -> None:
    refuse(Project(tmp_path), tmp_path / "fetched", "git knows no revision 'HEAD' here.")


def test_a_hooks_repository_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", "/elsewhere")
    monkeypatch.setenv("GIT_AUTHOR_NAME", "somebody")
    assert "GIT_DIR" not in git_environment()
    assert git_environment()["GIT_AUTHOR_NAME"] == "somebody"
