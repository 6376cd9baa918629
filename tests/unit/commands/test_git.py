"""What a variant asks of git, in real repositories: where it pushes, what it commits, and in which repository."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from conftest import ENVIRONMENT
from pytest_f07.commands.git import Git
from pytest_f07.errors import F07Error


def git(folder: Path, *arguments: object) -> str:
    line = ["git", *map(str, arguments)]
    return subprocess.run(line, cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one commit on main, and the remotes origin and fork."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return make_repository(tmp_path / "plant")


def make_repository(root: Path) -> Path:
    root.mkdir()
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "commit", "--quiet", "--allow-empty", "--message=First")
    for name in ("origin", "fork"):
        git(root, "remote", "add", name, f"../{name}")
    return root


UPSTREAM = {"branch.main.remote": "origin", "branch.main.merge": "refs/heads/main"}
NO_UPSTREAM = "branch main has no upstream; git push -u REMOTE main gives it one, or REMOTE= names a remote"
TARGETS: dict[str, tuple[dict[str, str], str | None, tuple[str, str] | str]] = {
    "upstream": (UPSTREAM, None, ("origin", "refs/heads/main")),
    "upstream of another name": (
        {**UPSTREAM, "branch.main.merge": "refs/heads/trunk"},
        None,
        ("origin", "refs/heads/trunk"),
    ),
    "push remote of the branch": (
        {**UPSTREAM, "remote.pushDefault": "x", "branch.main.pushRemote": "fork"},
        None,
        ("fork", "refs/heads/main"),
    ),
    "push remote of all": ({**UPSTREAM, "remote.pushDefault": "fork"}, None, ("fork", "refs/heads/main")),
    "push remote, no upstream": ({"remote.pushDefault": "fork"}, None, ("fork", "refs/heads/main")),
    "upstream's name is not the fork's": (
        {**UPSTREAM, "branch.main.merge": "refs/heads/trunk", "remote.pushDefault": "fork"},
        None,
        ("fork", "refs/heads/main"),
    ),
    "refspec": (
        {"remote.pushDefault": "fork", "remote.fork.push": "refs/heads/main:refs/heads/review"},
        None,
        ("fork", "refs/heads/review"),
    ),
    "an address": ({"remote.pushDefault": "../fork"}, None, ("../fork", "refs/heads/main")),
    "named": (UPSTREAM, "fork", ("fork", "refs/heads/main")),
    "named, no upstream": ({}, "fork", ("fork", "refs/heads/main")),
    "named as it is": ({**UPSTREAM, "branch.main.merge": "refs/heads/trunk"}, "origin", ("origin", "refs/heads/trunk")),
    "none": ({}, None, NO_UPSTREAM),
    "a local branch": ({"branch.main.remote": ".", "branch.main.merge": "refs/heads/next"}, None, NO_UPSTREAM),
}


@pytest.mark.parametrize(("settings", "remote", "target"), TARGETS.values(), ids=TARGETS)
def test_it_pushes_where_the_user_pushes(
    repository: Path, settings: dict[str, str], remote: str | None, target: tuple[str, str] | str
) -> None:
    for name, value in settings.items():
        git(repository, "config", name, value)
    assert Git(repository).push_target(remote) == target


def test_without_a_branch_it_says_so(repository: Path) -> None:
    git(repository, "checkout", "--quiet", "--detach")
    assert Git(repository).push_target("fork") == "no branch is checked out; git switch BRANCH first"


@pytest.mark.parametrize("name", ["nowhere", "--mirror", "../fork", ""])
def test_a_remote_that_git_does_not_have_is_refused(repository: Path, name: str) -> None:
    with pytest.raises(F07Error) as caught:
        Git(repository).check_remote(name)
    assert str(caught.value) == f"REMOTE={name}: git has no such remote; it has fork, origin."
    Git(repository).check_remote("fork")


def test_what_is_ignored_is_committed_and_what_is_unchanged_is_not_counted(repository: Path) -> None:
    (repository / ".gitignore").write_text("*.json\n")
    names = [repository / name for name in ("manifest.json", "params.yaml")]
    for path in names:
        path.write_text("{}")
    known = Git(repository)
    assert known.add(names) == names
    known.commit(names, "Both")
    names[0].write_text("{} ")
    assert known.add(names) == names[:1]
    with pytest.raises(F07Error, match=r"^git: manifest.json is not committed as it is on disk; "):
        known.check_committed(names)
    known.commit(names[:1], "One")
    known.check_committed(names)
    assert git(repository, "show", "--name-only", "--format=") == "manifest.json"


def test_a_change_that_git_was_told_to_overlook_is_not_published_silently(repository: Path) -> None:
    path = repository / "logs.dvc"
    path.write_text("old")
    known = Git(repository)
    known.add([path])
    known.commit([path], "Pointer")
    git(repository, "update-index", "--assume-unchanged", "logs.dvc")
    path.write_text("new")
    assert known.add([path]) == []
    with pytest.raises(F07Error, match=r"^git: logs.dvc is not committed as it is on disk; "):
        known.check_committed([path])


HOOK = {
    "GIT_DIR": ".git",
    "GIT_WORK_TREE": ".",
    "GIT_INDEX_FILE": ".git/index",
    "GIT_OBJECT_DIRECTORY": ".git/objects",
    "GIT_COMMON_DIR": ".git",
    "GIT_NAMESPACE": "",
    "GIT_PREFIX": "executions/",
}


@pytest.mark.parametrize("names", [[name] for name in HOOK] + [list(HOOK)], ids=[*HOOK, "all"])
def test_a_hooks_variables_lead_into_no_other_repository(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: list[str]
) -> None:
    other = make_repository(tmp_path / "other")
    before = {path: path.read_bytes() for path in other.rglob("*") if path.is_file()}
    path = repository / "f"
    path.write_text("f")
    with monkeypatch.context() as hook:
        for name in names:
            hook.setenv(name, str(other / HOOK[name]))
        known = Git(repository)
        known.commit(known.add([path]), "Ours")
        known.check_committed([path])
    assert {path: path.read_bytes() for path in other.rglob("*") if path.is_file()} == before
    assert git(repository, "show", "--name-only", "--format=") == "f"


def test_a_folder_without_a_repository_is_told_what_to_do(tmp_path: Path, repository: Path) -> None:
    with pytest.raises(F07Error) as caught:
        Git(tmp_path)
    assert str(caught.value) == f"{tmp_path} is not in a git repository. Make it one: git init"
    shutil.rmtree(repository / ".git" / "objects")
    with pytest.raises(F07Error, match=r"^git rev-parse failed: fatal: not a git repository"):
        Git(repository)  # git's own words: it is damaged
