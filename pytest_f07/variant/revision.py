"""Fetch the run of a variant that git and DVC keep in another revision."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pytest_f07.errors import F07Error, one_line
from pytest_f07.variant.documents import read_json
from pytest_f07.variant.interpreter import child_environment, python_command
from pytest_f07.variant.paths import Project
from pytest_f07.variant.seal import digest

MAX_REVISIONS = 200
# A hook's environment says which repository git is to work in. Ours is the one that the project lies in
# (git rev-parse --local-env-vars names these; those that hold configuration are the user's and stay).
_REPOSITORY_VARIABLES = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_DIR",
        "GIT_GRAFT_FILE",
        "GIT_IMPLICIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_NAMESPACE",
        "GIT_NO_REPLACE_OBJECTS",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_REPLACE_REF_BASE",
        "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
    }
)


def git_environment() -> dict[str, str]:
    """Return this process's environment without what names a repository; for git, and for DVC, which calls git."""
    return {name: value for name, value in os.environ.items() if name not in _REPOSITORY_VARIABLES}


def fetch_run(project: Project, variant: str, revision: str, folder: Path, subject: str) -> tuple[Project, str]:
    """Fetch the metadata, the metrics and the log of a variant's run as of a revision of the project.

    :param folder: an empty folder, in which they are laid out as in a project.
    :param subject: who names the revision, as messages begin.
    :returns: the project in ``folder``, and the commit.
    :raises F07Error: where there is no such revision or run in it, or a file is not the one that its metadata names.
    """
    commit = _git(project.root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if commit is None:
        raise F07Error(f"{subject}: git knows no revision {revision!r} here. git log shows what there is.")
    sha = commit.decode().strip()
    fetched = Project(folder)
    paths, source = fetched.variant(variant), project.variant(variant)
    where = f"{subject}: {project.show(source.metadata)} of {revision}"
    content = _git(project.root, "show", f"{sha}:./{project.show(source.metadata)}")
    if content is None:
        raise F07Error(f"{where}: no such file, so that revision holds no complete run of {variant}. Name another.")
    paths.folder.mkdir(parents=True)
    paths.metadata.write_bytes(content)
    digests: Any = read_json(paths.metadata, where).get("sha256")
    digests = digests if isinstance(digests, dict) else {}
    log = paths.predictions_parquet.relative_to(paths.folder).as_posix()
    # Whoever wrote the metadata chose the names in it: none of them leads elsewhere.
    parts = sorted(name for name in digests if re.fullmatch(rf"{re.escape(log)}/part-[0-9]{{5,}}\.parquet", name))
    metrics = paths.metrics_csv.relative_to(paths.folder).as_posix()
    for name, files in ((metrics, [metrics]), (log, parts or [log])):
        where = f"{subject}: {name} of {revision}"
        _fetch(project, source.folder, sha, paths.folder, name, files, where)
        if missing := [file for file in files if not (paths.folder / file).is_file()]:
            raise F07Error(f"{where} lacks {missing[0]}, which its metadata name. Nothing was touched.")
        folder_files = (path for path in (paths.folder / name).rglob("*") if path.is_file())
        for file in sorted({*files, *(path.relative_to(paths.folder).as_posix() for path in folder_files)}):
            if (actual := digest(paths.folder / file)) != (expected := str(digests.get(file))):
                raise F07Error(
                    f"{subject}: {file} of {revision} is not the file that its metadata names (sha256 "
                    f"{actual[:12]}…, recorded is {expected[:12]}…). Nothing was touched."
                )
    return fetched, sha


def published_metadata(project: Project) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the short name of each revision that changed the metadata of a run, and the metadata, the newest first.

    Without git or outside a repository there are none.
    """
    pattern = f":(glob){project.show(project.variants)}/*/{project.variant('v000').metadata.name}"
    try:
        log = _git(
            project.root, "log", f"-{MAX_REVISIONS}", "--format=%x00%h", "--name-only", "--relative", "--", pattern
        )
    except F07Error:
        return
    for entry in (log or b"").decode(errors="replace").split("\0")[1:]:
        revision, *names = entry.split()
        for name in names:
            content = _git(project.root, "show", f"{revision}:./{name}")
            try:
                document = json.loads(content or b"")
            except ValueError:  # a revision that removed it, or somebody else's file
                continue
            if isinstance(document, dict):
                yield revision, document


def _fetch(project: Project, source: Path, sha: str, target: Path, name: str, files: Sequence[str], where: str) -> None:
    """Fetch a file, or a folder with these files: from git where it holds them itself, else from DVC's cache or remote.

    DVC takes seconds for each call, however much it fetches.

    :param source: the variant's folder, in which they are named; ``target`` the one that they are written to.
    """
    if _git(project.root, "cat-file", "-e", f"{sha}:./{project.show(source / name)}") is not None:
        for file in files:
            content = _git(project.root, "show", f"{sha}:./{project.show(source / file)}")
            (target / file).parent.mkdir(parents=True, exist_ok=True)
            if content is not None:
                (target / file).write_bytes(content)
        return
    (target / name).parent.mkdir(parents=True, exist_ok=True)
    if find_spec("dvc") is None:
        raise F07Error(
            f"{where}: git does not hold it, and DVC is not installed. Install it: pip install 'pytest-f07[dvc]'"
        )
    line = python_command("dvc", "get", str(project.root), project.show(source / name), "--rev", sha)
    line += ["--out", str(target / name)]
    environment = {**child_environment(), **git_environment()}
    done = subprocess.run(
        line, cwd=project.root, env=environment, capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    if done.returncode:
        errors = [text for text in (done.stderr or done.stdout).splitlines() if text.strip()]
        raise F07Error(f"{where}: dvc get failed: {one_line((errors or ['it does not say why'])[0])}")


def _git(root: Path, *arguments: str) -> bytes | None:
    """Return what git prints; None where it says no."""
    try:
        done = subprocess.run(["git", *arguments], cwd=root, env=git_environment(), capture_output=True, check=False)
    except OSError as error:
        raise F07Error(f"git cannot be run ({error.strerror}). Install it, or put it on PATH.") from None
    return None if done.returncode else done.stdout
