"""remove7: what goes, what stays, and what it says of DVC and git; DVC itself is in test_publish of the integration."""

from __future__ import annotations

import os
import shutil
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from conftest import ENVIRONMENT
from pytest_f07.commands import dvc
from pytest_f07.commands import remove as module
from pytest_f07.commands.dvc import Output
from pytest_f07.commands.remove import remove
from pytest_f07.errors import F07Error
from pytest_f07.results.metric_table import LIMITS
from pytest_f07.variant.create import create_variant
from pytest_f07.variant.lock import variant_lock
from pytest_f07.variant.paths import Project
from tests.unit.small_package import make_project, tree

FOLDER = "executions/07_deployrun/v701"
REGISTRY = "executions/07_deployrun/variants.yaml: the entry of v701 removed"
DONE = [f"{FOLDER} removed", REGISTRY]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with v701, of whose run there are files in each folder."""
    project = make_project(tmp_path / "plant")
    paths = project.variant("v701")
    for folder in (*paths.published, paths.runtime):
        folder.mkdir()
        (folder / "file").write_text("its content")
    paths.metadata.write_text("{}")
    return project


def refuse(project: Project, message: str) -> None:
    """Assert that the removal is refused with ``message`` and changes nothing."""
    before = tree(project.root)
    with pytest.raises(F07Error) as caught:
        list(remove(project, "v701"))
    assert fnmatchcase(str(caught.value), message), str(caught.value)
    assert tree(project.root) == before


def test_the_folder_and_the_entry_go_and_all_else_stays(project: Project) -> None:
    create_variant(project, "v702", "v601", {"port": 0}, LIMITS)
    before = tree(project.root)
    assert list(remove(project, "v701")) == DONE
    after = tree(project.root)
    registry = "executions/07_deployrun/variants.yaml"
    assert set(before) - set(after) == {name for name in before if f"{name}/".startswith(f"{FOLDER}/")}
    assert {name for name in after if after[name] != before[name]} == {registry}
    assert "v701" not in project.registry.read_text()
    assert "v702" in project.registry.read_text()


def test_a_removal_can_be_repeated_from_wherever_it_stopped(project: Project) -> None:
    paths = project.variant("v701")
    for stop in ("metadata", "logs", "folder"):  # each stop is later
        if stop == "metadata":
            paths.metadata.unlink()
        if stop == "logs":
            shutil.rmtree(paths.logs)
        if stop == "folder":
            shutil.rmtree(paths.folder)
        again = Project(Path(shutil.copytree(project.root, project.root.with_name(stop))))
        assert list(remove(again, "v701"))[-1] == REGISTRY
        assert not again.variant("v701").folder.exists()
        assert "v701" not in again.registry.read_text()
    refuse(again, "there is no variant v701: neither folder nor entry in executions/07_deployrun/variants.yaml.")


def test_an_interrupted_removal_leaves_nothing_that_looks_complete(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(folder: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(shutil, "rmtree", interrupt)
    with pytest.raises(KeyboardInterrupt):
        list(remove(project, "v701"))
    assert not project.variant("v701").metadata.exists()
    assert "v701" in project.registry.read_text()


@pytest.mark.parametrize("place", [".", "logs"])
def test_links_are_removed_and_not_followed(project: Project, tmp_path: Path, place: str) -> None:
    linked, elsewhere = project.variant("v701").folder / place, tmp_path / "elsewhere"
    shutil.move(linked, elsewhere)
    linked.symlink_to(elsewhere)
    before = tree(elsewhere)
    lines = list(remove(project, "v701"))
    assert before
    assert tree(elsewhere) == before
    assert not os.path.lexists(project.variant("v701").folder)
    link = f"{FOLDER}: the link removed; what it led to is left alone"
    assert lines == ([link, REGISTRY] if place == "." else DONE)


def test_a_variant_that_another_is_compared_with_stays(project: Project) -> None:
    create_variant(project, "v702", "v601", {"port": 0}, LIMITS)
    params = project.variant("v702").params
    params.write_text(f"{params.read_text()}require: {{recall: {{not_below: v701}}}}\n")
    refuse(project, "v701 is not removed: require in params.yaml of v702 names its run.")


@pytest.mark.parametrize(("names", "verb"), [(["v801"], "is"), (["v801", "v802"], "are")], ids=["one", "two"])
def test_a_variant_with_children_stays(project: Project, names: list[str], verb: str) -> None:
    for name in names:
        folder = project.root / "executions" / "08_monitor" / name
        folder.mkdir(parents=True)
        (folder / "params.yaml").write_text("parent_variant_f07: v701\n")
    children = ", ".join(f"08_monitor/{name}" for name in names)
    refuse(project, f"v701 is not removed: made of it {verb} {children}.")


def test_a_variant_that_is_being_run_stays(project: Project) -> None:
    with variant_lock(project.variant("v701")):
        refuse(project, "variant v701 is being run, published or removed by another process; wait until it ends.")
    assert list(remove(project, "v701")) == DONE


# -- DVC


class DvcStub:
    """Stands for DVC: what it knows, and what it was told to forget.

    :param rewritten: what it leaves of dvc.yaml; None: nothing.
    """

    def __init__(self, project: Project, outputs: list[Output], rewritten: str | None = "") -> None:
        self._pipeline, self._outputs, self._rewritten = project.root / "dvc.yaml", outputs, rewritten
        self.forgotten: list[str] = []

    def __call__(self, root: Path) -> DvcStub:
        return self

    def outputs(self) -> list[Output]:
        return self._outputs

    def remove(self, stages: list[str]) -> None:
        self.forgotten += stages
        if self._rewritten is None:
            self._pipeline.unlink()
        else:
            self._pipeline.write_text(self._rewritten)


def git(project: Project, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=project.root, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def versioned(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The same with a dvc.yaml, all of it committed to git, and DVC initialised."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    (project.root / ".dvc").mkdir()
    (project.root / ".dvc" / "config").touch()
    (project.root / "dvc.yaml").write_text("stages: {f07-v701: {}}\n")
    git(project, "init", "--quiet", "--initial-branch=main")
    git(project, "add", ".")
    git(project, "commit", "--quiet", "--message=All")
    return project


def test_the_entries_of_dvc_go_first_and_what_it_keeps_above_is_told(
    versioned: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths, root = versioned.variant("v701"), versioned.root
    pointer, above = paths.dvc_file(paths.logs), versioned.root / "executions.dvc"
    stub = DvcStub(
        versioned,
        [
            Output(paths.logs, str(pointer), pointer, True),
            Output(paths.metrics, "f07-v701", root / "dvc.yaml", True),
            Output(root / "executions", str(above), above, True),
            Output(versioned.variant("v7010").logs, "f07-v7010", root / "dvc.yaml", True),
        ],
        "plots: [executions/07_deployrun/v701/metrics/metrics_per_model.csv]\n",
    )
    monkeypatch.setattr(module, "Dvc", stub)
    lines = list(remove(versioned, "v701"))
    assert stub.forgotten == [str(pointer), "f07-v701"]
    assert lines[:-1] == [
        f"DVC: {FOLDER}/logs.dvc, f07-v701 removed",
        "DVC: executions.dvc still keeps v701 with executions; to forget it there: dvc add executions",
        "DVC: dvc.yaml still names v701 (metrics or plots); take that out of it",
        *DONE,
    ]


def test_a_pipeline_that_dvc_deletes_with_its_last_stage_is_told(
    versioned: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = Output(versioned.variant("v701").logs, "f07-v701", versioned.root / "dvc.yaml", True)
    monkeypatch.setattr(module, "Dvc", DvcStub(versioned, [output], None))
    lines = list(remove(versioned, "v701"))
    assert lines[:2] == [
        "DVC: f07-v701 removed",
        "DVC: dvc.yaml removed, since no stage is left in it; git has it",
    ]


def test_what_would_take_more_than_the_variant_is_refused_untouched(
    versioned: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline, other = versioned.root / "dvc.yaml", versioned.variant("v702").logs
    ours = Output(versioned.variant("v701").logs, "f07", pipeline, True)
    stub = DvcStub(versioned, [ours, Output(other, "f07", pipeline, True)])
    monkeypatch.setattr(module, "Dvc", stub)
    refuse(versioned, f"v701 is not removed: stage f07 also makes {other}. Take the outs of v701 out of it first.")
    stub = DvcStub(versioned, [ours])
    monkeypatch.setattr(module, "Dvc", stub)
    pipeline.write_text("stages: {f07: {cmd: mine}}\n")
    message = "v701 is not removed: dvc.yaml would lose a stage, and holds what is not committed. Commit it first."
    refuse(versioned, message)
    assert stub.forgotten == []


NOT_INSTALLED = "DVC is not installed in this environment. Install it: *"
WITHOUT_DVC = {
    "it knows nothing of it": (None, "", None),
    "dvc.yaml names another": ("dvc.yaml", "stages: {f07-v702: {}}", None),
    "dvc.yaml names it": ("dvc.yaml", "stages: {f07-v701: {}}", NOT_INSTALLED),
    "a pointer beside it": (f"{FOLDER}.dvc", "outs: [{path: v701}]", NOT_INSTALLED),
    "a pointer in it": (f"{FOLDER}/logs.dvc", "outs: [{path: logs}]", NOT_INSTALLED),
}


@pytest.mark.parametrize(("place", "text", "refusal"), WITHOUT_DVC.values(), ids=WITHOUT_DVC)
def test_where_dvc_is_not_installed_it_is_needed_only_for_what_it_may_know(
    project: Project, monkeypatch: pytest.MonkeyPatch, place: str | None, text: str, refusal: str | None
) -> None:
    monkeypatch.setattr(dvc, "is_installed", lambda: False)
    monkeypatch.setattr(module, "is_installed", lambda: False)
    (project.root / ".dvc").mkdir()
    (project.root / ".dvc" / "config").touch()
    if place is not None:
        (project.root / place).write_text(text)
    if refusal is not None:
        refuse(project, refusal)
        return
    assert list(remove(project, "v701")) == DONE


# -- git


def test_the_command_that_it_tells_commits_the_removal_and_nothing_else(
    versioned: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "Dvc", DvcStub(versioned, []))
    (versioned.root / "staged.txt").write_text("staged")
    git(versioned, "add", "staged.txt")
    head = git(versioned, "rev-parse", "HEAD")
    *_, last = remove(versioned, "v701")
    assert git(versioned, "rev-parse", "HEAD") == head
    told, command = last.split("to commit the removal: ")
    assert told == "git still has it; "
    subprocess.run(["sh", "-c", command], cwd=versioned.root, check=True, capture_output=True)
    changed = set(git(versioned, "show", "--name-only", "--format=").splitlines())
    assert {name for name in changed if not name.startswith(f"{FOLDER}/")} == {"executions/07_deployrun/variants.yaml"}
    assert f"{FOLDER}/manifest.json" in changed
    assert git(versioned, "status", "--porcelain") == "A  staged.txt"


def test_a_git_that_cannot_be_asked_is_told_and_the_variant_is_gone(project: Project) -> None:
    (project.root / ".git").mkdir()
    lines = list(remove(project, "v701"))
    assert lines[:-1] == DONE
    assert fnmatchcase(lines[-1], "whether git still has it cannot be told: git rev-parse failed: *")
