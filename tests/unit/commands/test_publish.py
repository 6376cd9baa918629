"""publish7 with a real git and a stand-in for DVC: what is refused, who keeps what, what is committed, where it goes.

DVC itself, and what a colleague's clone gets, is in test_publish of the integration.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from conftest import ENVIRONMENT, Checkout
from pytest_f07.commands import dvc
from pytest_f07.commands import publish as module
from pytest_f07.commands.dvc import Output
from pytest_f07.commands.publish import publish
from pytest_f07.errors import F07Error
from pytest_f07.variant.lock import variant_lock
from pytest_f07.variant.paths import Project

FOLDER = "executions/07_deployrun/v701"
SMALL = {"variants.yaml", *(f"v701/{name}" for name in ("params.yaml", "manifest.json", "07_deployrun_metadata.json"))}
POINTERS = {f"v701/{name}.dvc" for name in ("logs", "metrics", "report")}
IGNORE = {"v701/.gitignore"}


class DvcStub:
    """Stands for DVC: it writes pointers as DVC does, and nothing else.

    :param storage: its remote, or why it has none.
    :param push_fault: why it cannot push; empty where it can.
    """

    def __init__(self, storage: tuple[str | None, str] = ("storage", ""), push_fault: str = "") -> None:
        self._storage, self._push_fault, self._root = storage, push_fault, Path()
        self.known: list[Output] = []
        self.calls: list[tuple[str, ...]] = []

    def __call__(self, root: Path) -> DvcStub:
        self._root = root
        return self

    def _show(self, paths: Sequence[Path]) -> list[str]:
        return [path.relative_to(self._root).as_posix() for path in paths]

    def outputs(self) -> list[Output]:
        return list(self.known)

    def add(self, paths: Sequence[Path]) -> None:
        self.calls.append(("add", *self._show(paths)))
        for path in paths:
            holders = [out for out in self.known if out.holds(path)]
            if not holders:
                holders = [keep(path)]
                self.known += holders
            holders[0].defined_in.write_text("outs: []\n")
            holders[0].path.with_name(".gitignore").write_text("/data\n")

    def commit(self, stages: Sequence[str]) -> None:
        self.calls.append(("commit", *stages))
        (self._root / "dvc.lock").write_text("stages: {}\n")

    def remote(self) -> tuple[str | None, str]:
        return self._storage

    def push(self, remote: str, stages: Sequence[str]) -> None:
        self.calls.append(("push", remote, *(Path(stage).name for stage in stages)))
        if self._push_fault:
            raise F07Error(self._push_fault)


def keep(path: Path) -> Output:
    """Return what DVC knows of a path that it was given."""
    pointer = path.with_name(f"{path.name}.dvc")
    return Output(path, str(pointer), pointer, True)


@pytest.fixture
def run(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """A finished run in a repository that can be pushed to origin, whose main has the package."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    add_remote(checkout, "origin")
    checkout.git("push", "--quiet", "--set-upstream", "origin", "main")
    return checkout


def add_remote(run: Checkout, name: str) -> None:
    run.git("init", "--quiet", "--bare", "--initial-branch=main", run.root.with_name(name))
    run.git("remote", "add", name, run.root.with_name(name))


def use(monkeypatch: pytest.MonkeyPatch, stub: DvcStub) -> DvcStub:
    monkeypatch.setattr(module, "Dvc", stub)
    return stub


def publish_run(run: Checkout, allow_failed: bool = False, remote: str | None = None) -> list[str]:
    return list(publish(Project(run.root), "v701", allow_failed, remote))


def refuse(run: Checkout, pattern: str, remote: str | None = None) -> None:
    """Assert that publishing is refused with a line, and changes nothing on disk or in git."""
    before = run.tree()
    with pytest.raises(F07Error) as caught:
        publish_run(run, remote=remote)
    assert fnmatchcase(str(caught.value), pattern), str(caught.value)
    assert run.tree() == before


# -- what is refused, before anything is touched


@pytest.fixture(scope="module")
def failed(finished: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """The run again, with a server whose first model gives scores that are no numbers."""
    checkout = Checkout(Path(shutil.copytree(finished.root, tmp_path_factory.mktemp("failed") / "plant")))
    checkout.stub("nan")
    assert checkout.run().returncode == 1
    return checkout


def _take(run: Checkout, failed: Checkout) -> None:
    shutil.rmtree(run.variant)
    shutil.copytree(failed.variant, run.variant)


def _better_outcome(run: Checkout, failed: Checkout) -> None:
    _take(run, failed)
    models = json.loads((run.variant / "07_deployrun_metadata.json").read_text())["models"]
    run.change_metadata(
        outcome="passed", models={name: {**model, "outcome": "passed"} for name, model in models.items()}
    )


def _add_line(name: str, line: str) -> Callable[[Checkout, Checkout], object]:
    def add(run: Checkout, failed: Checkout) -> None:
        with (run.variant / name).open("a") as file:
            file.write(line)

    return add


AGAIN = "Run it again: make script7-run VARIANT=v701"
METADATA = f"{FOLDER}/07_deployrun_metadata.json"
REFUSALS: dict[str, tuple[Callable[[Checkout, Checkout], object], str]] = {
    "incomplete": (
        lambda run, failed: (run.variant / "07_deployrun_metadata.json").unlink(),
        f"{METADATA} is not there: no run of v701 was completed. Run it: make script7-run VARIANT=v701",
    ),
    "of an older tool": (
        lambda run, failed: run.change_metadata(sha256=None),
        f"{METADATA}: holds no outcome or no digests: an older tool wrote it. *",
    ),
    "altered": (
        _add_line("metrics/metrics_per_model.csv", "better,1,1,0,0\n"),
        f"v701 is not published: {FOLDER}/metrics/metrics_per_model.csv has changed since the run. {AGAIN}",
    ),
    "a file more": (
        _add_line("report/notes.txt", "mine"),
        f"v701 is not published: {FOLDER}/report/notes.txt was added after the run. {AGAIN}",
    ),
    "a figure less": (
        lambda run, failed: (run.variant / "report" / "figures" / "confusion_inverter_trip.png").unlink(),
        f"v701 is not published: {FOLDER}/report/figures/confusion_inverter_trip.png is missing. {AGAIN}",
    ),
    "other parameters": (
        _add_line("params.yaml", "sample_size: 5\n"),
        f"v701 is not published: {FOLDER}/params.yaml has changed since the run. {AGAIN}",
    ),
    "another count": (
        lambda run, failed: run.change_metadata(counts={"windows": 1}),
        f"v701 is not published: {METADATA}: counts.windows is 1; the files hold 3838. {AGAIN}",
    ),
    "failed": (
        _take,
        "v701 is not published: feeder_overload failed. To publish it all the same: make publish7 VARIANT=v701 "
        "ALLOW_FAILED=1",
    ),
    "failed, and told to have passed": (
        _better_outcome,
        f"v701 is not published: {METADATA}: feeder_overload is passed (F07-INFER, *); in junit.xml it is failed "
        f"(F07-INFER, *). {AGAIN}",
    ),
}


@pytest.mark.parametrize(("spoil", "message"), REFUSALS.values(), ids=REFUSALS)
def test_a_run_that_others_should_not_have_is_refused_untouched(
    checkout: Checkout,
    failed: Checkout,
    monkeypatch: pytest.MonkeyPatch,
    spoil: Callable[[Checkout, Checkout], object],
    message: str,
) -> None:
    stub = use(monkeypatch, DvcStub())
    spoil(checkout, failed)
    refuse(checkout, message)
    assert stub.calls == []


def test_a_run_that_goes_on_is_refused(run: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, DvcStub())
    with variant_lock(Project(run.root).variant("v701")):
        refuse(run, "variant v701 is being run, published or removed by another process; wait until it ends.")


def _leave_git(run: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(run.root / ".git")


def _own_git_by_another(run: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")  # git's own way to test it


def _remove_git(run: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.devnull)


def _remove_dvc(run: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dvc, "is_installed", lambda: False)


def _leave_dvc(run: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dvc, "is_installed", lambda: True)


TOOLS: dict[str, tuple[Callable[[Checkout, pytest.MonkeyPatch], object], str]] = {
    "no repository": (_leave_git, "* is not in a git repository. Make it one: git init"),
    "another's repository": (
        _own_git_by_another,
        "git rev-parse failed: fatal: detected dubious ownership in repository at * safe.directory *",
    ),
    "no git": (_remove_git, "git cannot be run (*). Install it, or put it on PATH."),
    "no DVC": (
        _remove_dvc,
        "DVC is not installed in this environment. Install it: pip install 'pytest-f07[[]dvc]'",
    ),
    "no DVC repository": (_leave_dvc, "DVC is not initialised in *. Initialise it: dvc init && git commit *"),
}


@pytest.mark.parametrize(("spoil", "message"), TOOLS.values(), ids=TOOLS)
def test_a_tool_that_refuses_is_heard_before_anything_is_touched(
    checkout: Checkout,
    monkeypatch: pytest.MonkeyPatch,
    spoil: Callable[[Checkout, pytest.MonkeyPatch], object],
    message: str,
) -> None:
    spoil(checkout, monkeypatch)
    refuse(checkout, message)


# -- who keeps what


def _stage(*names: str, cached: bool = True) -> Callable[[Project], list[Output]]:
    """Outputs of a stage of dvc.yaml, by their place in the variant's folder."""

    def make(project: Project) -> list[Output]:
        pipeline = project.root / "dvc.yaml"
        pipeline.write_text("stages: {f07-v701: {}}\n")
        return [Output(project.variant("v701").folder / name, "f07-v701", pipeline, cached) for name in names]

    return make


METRICS = (
    "metrics/metrics_per_model.csv",
    "metrics/metrics.json",
    *(f"metrics/models/{name}.json" for name in ("feeder_overload", "inverter_trip", "inverter_trip.cnn")),
)

YOURS = "git: dvc.yaml is yours and not committed; commit it, the data is found through it"
LOG = "raw_predictions"
# what DVC knows before; what it is told; what git commits; lines beside those of each publication
KEEPERS: dict[str, tuple[Callable[[Project], list[Output]], list[tuple[str, ...]], set[str], set[str]]] = {
    "nobody": (
        lambda project: [],
        [
            ("add", f"{FOLDER}/logs", f"{FOLDER}/metrics", f"{FOLDER}/report"),
            ("push", "storage", "logs.dvc", "metrics.dvc", "report.dvc"),
        ],
        SMALL | POINTERS | IGNORE,
        {f"DVC keeps {FOLDER}/logs, {FOLDER}/metrics, {FOLDER}/report (dvc add)"},
    ),
    "a pointer to its folder": (
        lambda project: [keep(project.variant("v701").folder)],
        [("add", FOLDER), ("push", "storage", "v701.dvc")],
        {"variants.yaml", "v701.dvc", ".gitignore"},
        {f"DVC keeps {FOLDER} (dvc add)"},
    ),
    "a pointer to the folder above": (
        lambda project: [keep(project.variants)],
        [("add", FOLDER, "executions/07_deployrun/variants.yaml"), ("push", "storage", "07_deployrun.dvc")],
        {"executions/07_deployrun.dvc", "executions/.gitignore"},
        {f"DVC keeps {FOLDER}, executions/07_deployrun/variants.yaml (dvc add)"},
    ),
    "a pointer to a small file": (
        lambda project: [keep(project.variant("v701").manifest)],
        [
            ("add", f"{FOLDER}/logs", f"{FOLDER}/metrics", f"{FOLDER}/report", f"{FOLDER}/manifest.json"),
            ("push", "storage", "logs.dvc", "manifest.json.dvc", "metrics.dvc", "report.dvc"),
        ],
        SMALL - {"v701/manifest.json"} | POINTERS | {"v701/manifest.json.dvc"} | IGNORE,
        {f"DVC keeps {FOLDER}/logs, {FOLDER}/metrics, {FOLDER}/report, {FOLDER}/manifest.json (dvc add)"},
    ),
    "a stage": (
        _stage("logs", "metrics", "report"),
        [("commit", "f07-v701"), ("push", "storage", "f07-v701")],
        SMALL | {"dvc.lock"},
        {f"DVC keeps {FOLDER}/logs, {FOLDER}/metrics, {FOLDER}/report (dvc commit of f07-v701)", YOURS},
    ),
    "a stage, of one file": (
        _stage(f"logs/{LOG}.parquet"),
        [
            ("add", f"{FOLDER}/metrics", f"{FOLDER}/report"),
            ("commit", "f07-v701"),
            ("push", "storage", "metrics.dvc", "report.dvc", "f07-v701"),
        ],
        SMALL | POINTERS - {"v701/logs.dvc"} | {"dvc.lock"} | IGNORE,
        {
            f"DVC keeps {FOLDER}/metrics, {FOLDER}/report (dvc add)",
            f"DVC keeps {FOLDER}/logs/{LOG}.parquet (dvc commit of f07-v701)",
            f"nobody keeps {FOLDER}/logs/{LOG}.csv: no stage names it among its outs",
            YOURS,
        },
    ),
    "a stage, and git its content": (
        _stage(*METRICS, cached=False),
        [
            ("add", f"{FOLDER}/logs", f"{FOLDER}/report"),
            ("commit", "f07-v701"),
            ("push", "storage", "logs.dvc", "report.dvc"),
        ],
        SMALL | POINTERS - {"v701/metrics.dvc"} | {"dvc.lock"} | IGNORE | {f"v701/{name}" for name in METRICS},
        {
            f"DVC keeps {FOLDER}/logs, {FOLDER}/report (dvc add)",
            f"DVC keeps {', '.join(f'{FOLDER}/{name}' for name in METRICS)} (dvc commit of f07-v701)",
            YOURS,
        },
    ),
}


@pytest.mark.parametrize(("known", "calls", "files", "told"), KEEPERS.values(), ids=KEEPERS)
def test_who_keeps_a_path_goes_on_keeping_it_and_git_commits_the_pointers(
    run: Checkout,
    monkeypatch: pytest.MonkeyPatch,
    known: Callable[[Project], list[Output]],
    calls: list[tuple[str, ...]],
    files: set[str],
    told: set[str],
) -> None:
    (run.root / "staged.txt").write_text("staged")
    run.git("add", "staged.txt")
    stub = use(monkeypatch, DvcStub())
    stub.known = known(Project(run.root))
    lines = publish_run(run)
    assert stub.calls == calls
    assert run.committed() == files
    head = run.git("rev-parse", "--short", "HEAD")
    committed = f"git: committed {head}, {len(files)} files of v701"
    assert set(lines) == told | {committed, "DVC: pushed to storage", "git: pushed to origin"}
    assert run.git("log", "-1", "--format=%s") == "F07 v701 of v601: 3 models, passed"
    assert run.git("ls-remote", "origin", "main").startswith(run.git("rev-parse", "HEAD"))
    assert run.git("diff", "--cached", "--name-only") == "staged.txt"


def test_it_can_be_repeated_and_commits_what_has_changed(run: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, DvcStub())
    publish_run(run)
    head = run.git("rev-parse", "HEAD")
    assert publish_run(run)[-3:] == ["git: nothing new to commit", "DVC: pushed to storage", "git: pushed to origin"]
    assert run.git("rev-parse", "HEAD") == head
    run.change_metadata(note="mine")
    assert publish_run(run)[-3].endswith(", 1 file of v701")


def test_a_dvc_that_forgets_what_it_was_given_is_not_believed(run: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    stub = use(monkeypatch, DvcStub())
    monkeypatch.setattr(stub, "add", lambda paths: None)
    head = run.git("rev-parse", "HEAD")
    refuse(run, f"DVC was given {FOLDER}/logs and does not know it; dvc add it, and look with dvc status.")
    assert run.git("rev-parse", "HEAD") == head


def test_a_failed_run_is_published_where_the_user_allows_it(
    run: Checkout, failed: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, DvcStub())
    _take(run, failed)
    publish_run(run, allow_failed=True)
    assert run.git("log", "-1", "--format=%s") == "F07 v701 of v601: 3 models, failed"


# -- where it goes


def _forget_upstream(run: Checkout) -> None:
    run.git("branch", "--unset-upstream")


def _leave_branch(run: Checkout) -> None:
    run.git("checkout", "--quiet", "--detach")


def _lose_git_remote(run: Checkout) -> None:
    shutil.rmtree(run.root.with_name("origin"))


def _nothing(run: Checkout) -> None:
    """The fault is DVC's."""


NO_STORAGE = "DVC has no remote; dvc remote add --default NAME URL gives it one"
NO_UPSTREAM = "branch main has no upstream; git push -u REMOTE main gives it one, or REMOTE= names a remote"
NOT_PUSHED: dict[str, tuple[Callable[[Checkout], object], dict[str, Any], str]] = {
    "nowhere": (_forget_upstream, {"storage": (None, NO_STORAGE)}, f"nothing is pushed: {NO_STORAGE}; {NO_UPSTREAM}."),
    "no DVC remote": (_nothing, {"storage": (None, NO_STORAGE)}, f"nothing is pushed: {NO_STORAGE}."),
    "DVC fails": (_nothing, {"push_fault": "dvc push failed: no route."}, "dvc push failed: no route."),
    "no upstream": (_forget_upstream, {}, f"git did not push: {NO_UPSTREAM}."),
    "no branch": (
        _leave_branch,
        {},
        "git did not push: no branch is checked out; git switch BRANCH first.",
    ),
    "git remote gone": (_lose_git_remote, {}, "git push failed: *"),
}


@pytest.mark.parametrize("case", NOT_PUSHED)
def test_what_is_not_pushed_is_told_with_the_reason_and_the_commit_is_kept(
    run: Checkout, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    spoil, faults, message = NOT_PUSHED[case]
    use(monkeypatch, DvcStub(**faults))
    spoil(run)
    with pytest.raises(F07Error) as caught:
        publish_run(run)
    again = " The commit is kept; when this is mended, run it again: make publish7 VARIANT=v701"
    assert fnmatchcase(str(caught.value), f"{message}{again}"), str(caught.value)
    assert run.committed() == SMALL | POINTERS | IGNORE
    if case != "git remote gone":  # no pointer is public before what it points to
        assert run.git("ls-remote", "origin", "main").startswith(run.git("rev-parse", "HEAD~1"))


def test_the_git_remote_can_be_named(run: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    add_remote(run, "fork")
    stub = use(monkeypatch, DvcStub())
    refuse(run, "REMOTE=nowhere: git has no such remote; it has fork, origin.", remote="nowhere")
    assert stub.calls == []
    assert publish_run(run, remote="fork")[-1] == "git: pushed to fork"
    head = run.git("rev-parse", "HEAD")
    assert run.git("ls-remote", "fork", "main").startswith(head)
    assert not run.git("ls-remote", "origin", "main").startswith(head)
