"""publish7 and dvc.yaml, with real git and DVC repositories and local remotes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from conftest import REPOSITORY, Checkout

pytest.importorskip("dvc", reason="DVC is not installed in this environment (extra dvc)")

SMALL = {"variants.yaml", *(f"v701/{name}" for name in ("params.yaml", "manifest.json", "07_deployrun_metadata.json"))}
POINTERS = {f"v701/{name}.dvc" for name in ("logs", "metrics", "report")}
FOLDERS = ("logs", "metrics", "report")


@pytest.fixture
def kept(checkout: Checkout) -> Checkout:
    """The checkout with DVC in it."""
    checkout.dvc("init", "--quiet")
    checkout.git("commit", "--quiet", "--message=DVC")
    return checkout


def publish(checkout: Checkout, *arguments: str, **variables: str) -> str:
    done = checkout.f07("publish7", "--variant", "v701", *arguments, **variables)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(checkout: Checkout, **variables: str) -> str:
    done = checkout.f07("publish7", "--variant", "v701", **variables)
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    return line


def test_only_the_variants_files_are_committed_and_a_clone_gets_every_byte(kept: Checkout, tmp_path: Path) -> None:
    (kept.root / "staged.txt").write_text("staged")
    kept.git("add", "staged.txt")
    with (kept.root / ".gitignore").open("a") as file:
        file.write("dirty/\n")
    dirty = kept.git("status", "--porcelain", "--", "staged.txt", ".gitignore")

    said = publish(kept)
    assert kept.committed() == SMALL | POINTERS | {"v701/.gitignore"}
    assert kept.git("status", "--porcelain", "--", "staged.txt", ".gitignore") == dirty
    assert "DVC: not pushed: DVC has no remote" in said
    assert "git: not pushed: branch main has no upstream; git push -u REMOTE main gives it one" in said

    # again, now with remotes: nothing new, and pushed all the same
    first = kept.git("rev-parse", "HEAD")
    kept.git("init", "--quiet", "--bare", "--initial-branch=main", tmp_path / "git")
    kept.git("remote", "add", "origin", tmp_path / "git")
    kept.git("push", "--quiet", "--set-upstream", "origin", "HEAD~1:refs/heads/main")
    kept.git("branch", "--quiet", "--set-upstream-to=origin/main")
    kept.dvc("remote", "add", "--quiet", "storage", tmp_path / "storage")
    kept.git("commit", "--quiet", "--message=Storage", "--", ".dvc/config")
    said = publish(kept)
    assert "git: nothing new to commit\nDVC: pushed to storage\ngit: pushed to origin\n" in said
    assert kept.git("rev-parse", "HEAD~1") == first

    kept.git("clone", "--quiet", tmp_path / "git", tmp_path / "clone")
    clone = Checkout(tmp_path / "clone")
    clone.dvc("pull", "--quiet", "--remote", "storage")
    theirs, ours = clone.tree(), kept.tree()
    published = [name for name in ours if name.startswith(tuple(f"07_deployrun/v701/{folder}/" for folder in FOLDERS))]
    assert len(published) >= 9
    assert {name: theirs[name] for name in published} == {name: ours[name] for name in published}
    assert clone.f07("check7", "--variant", "v701").returncode == 0


def test_a_failed_push_keeps_the_commit_and_can_be_given_again(kept: Checkout, tmp_path: Path) -> None:
    kept.git("remote", "add", "origin", tmp_path / "git")
    kept.git("config", "branch.main.remote", "origin")
    kept.git("config", "branch.main.merge", "refs/heads/main")
    line = refused(kept)
    assert line.startswith("ERROR: git push failed: ")
    assert line.endswith("The commit is kept; run publish7 again when this is mended.")
    assert kept.committed() >= SMALL
    kept.git("init", "--quiet", "--bare", tmp_path / "git")
    assert "git: nothing new to commit" in publish(kept)
    assert kept.git("ls-remote", "origin", "refs/heads/main").startswith(kept.git("rev-parse", "HEAD"))


def _drop_metadata(checkout: Checkout) -> None:
    (checkout.variant / "07_deployrun_metadata.json").unlink()


def _change_metrics(checkout: Checkout) -> None:
    with (checkout.variant / "metrics" / "metrics_per_model.csv").open("a") as file:
        file.write("better,1,1,0,0\n")


def _add_a_file(checkout: Checkout) -> None:
    (checkout.variant / "report" / "notes.txt").write_text("mine")


def _lose_a_figure(checkout: Checkout) -> None:
    next((checkout.variant / "report" / "figures").iterdir()).unlink()


def _change_params(checkout: Checkout) -> None:
    with (checkout.variant / "params.yaml").open("a") as file:
        file.write("sample_size: 5\n")


def _fail(checkout: Checkout) -> None:
    checkout.change_metadata(outcome="failed", models={"feeder_overload": {"outcome": "failed"}})


def _forget_digests(checkout: Checkout) -> None:
    checkout.change_metadata(sha256=None)


def _leave_git(checkout: Checkout) -> None:
    shutil.rmtree(checkout.root / ".git")


REFUSALS = {
    "incomplete": (_drop_metadata, "no run of v701 was completed. Run it: make script7-run VARIANT=v701"),
    "altered": (_change_metrics, "v701 is not published: executions/07_deployrun/v701/metrics/metrics_per_model.csv "
                "has changed since the run. Run it again: make script7-run VARIANT=v701"),
    "added": (_add_a_file, "report/notes.txt was added after the run."),
    "lost": (_lose_a_figure, ".png is missing."),
    "params": (_change_params, "params.yaml has changed since the run."),
    "failed": (_fail, "v701 is not published: feeder_overload failed. ALLOW_FAILED=1 publishes it all the same."),
    "older": (_forget_digests, "an older tool wrote it."),
    "no git": (_leave_git, "is not in a git repository. Make it one: git init"),
    "no DVC": (lambda checkout: None, "DVC is not initialised in "),
}  # fmt: skip


@pytest.mark.parametrize(("spoil", "message"), REFUSALS.values(), ids=REFUSALS)
def test_what_cannot_be_published_is_refused_untouched(checkout: Checkout, spoil, message: str) -> None:
    spoil(checkout)
    before = checkout.tree()
    assert message in refused(checkout)
    assert checkout.tree() == before


def test_without_dvc_it_says_what_to_install(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['dvc'] = None\n")
    line = refused(checkout, PYTHONPATH=str(tmp_path))
    assert line == ("ERROR: DVC is not installed in this environment. Install it: pip install 'pytest-f07[dvc]'")


def test_a_failed_run_is_published_where_the_user_says_so(kept: Checkout) -> None:
    _fail(kept)
    publish(kept, "--allow-failed")
    assert kept.git("log", "-1", "--format=%s") == "F07 v701 of v601: 1 model, failed"


@pytest.mark.parametrize("link", ["symlink", "hardlink"])
def test_after_publishing_a_variant_runs_again_whatever_links_dvc_makes(kept: Checkout, link: str) -> None:
    kept.dvc("config", "cache.type", link)
    publish(kept)
    assert kept.f07("check7", "--variant", "v701").returncode == 0
    first = kept.git("rev-parse", "HEAD")
    done = kept.run()
    assert done.returncode == 0, done.stdout
    assert "git: committed" in publish(kept)
    assert kept.git("rev-parse", "HEAD~1") == first


def test_a_package_of_links_is_refused_with_what_to_do(kept: Checkout) -> None:
    kept.dvc("config", "cache.type", "symlink")
    kept.git("rm", "-r", "--quiet", "--cached", "executions/06_packaging")
    kept.dvc("add", "--quiet", "executions/06_packaging/v601")
    done = kept.run()
    assert done.returncode == 4
    assert "is a symbolic link; a package holds its files itself. Copy the file into it (dvc unprotect)." in done.stderr
    kept.dvc("unprotect", "executions/06_packaging/v601")
    assert kept.run().returncode == 0


def test_a_project_in_a_folder_of_a_repository_that_ignores_results(finished: Checkout, tmp_path: Path) -> None:
    """The repository's own rules, as this one has them, ignore what DVC is to keep."""
    outer = Checkout(tmp_path)
    outer.git("init", "--quiet", "--initial-branch=main")
    ignore = (REPOSITORY / ".gitignore").read_text().replace("/executions/", "/plants/one/executions/")
    (tmp_path / ".gitignore").write_text(ignore)
    outer.dvc("init", "--quiet")
    shutil.copytree(finished.root, tmp_path / "plants" / "one", ignore=shutil.ignore_patterns(".git"))
    checkout = Checkout(tmp_path / "plants" / "one")
    publish(checkout)
    names = {name.removeprefix("plants/one/executions/07_deployrun/") for name in checkout.committed()}
    assert names == SMALL | POINTERS  # DVC writes no .gitignore where git ignores the folders already
    assert checkout.dvc("data", "status").count("v701") == 0


def test_a_dvc_pipeline_runs_shows_publishes_and_forgets_a_variant(kept: Checkout) -> None:
    shutil.rmtree(kept.variant / "logs")
    shutil.copy(REPOSITORY / "docs" / "dvc.yaml", kept.root)
    kept.dvc("repro", "--quiet", "f07-v701")
    assert "inverter_trip.cnn.recall" in kept.dvc("metrics", "show", "--md")
    kept.dvc("plots", "show", "--quiet")
    page = (kept.root / "dvc_plots" / "index.html").read_text()
    assert "F1 of each model" in page
    assert "confusion_inverter_trip.cnn.png" in page
    assert "didn't change, skipping" in kept.dvc("repro", "f07-v701")

    said = publish(kept)
    assert "(dvc commit of f07-v701)" in said
    assert "git: dvc.yaml is yours and not committed" in said
    assert kept.committed() - {"dvc.lock"} == SMALL | {"v701/.gitignore"}
    assert "dvc.lock" in kept.committed()

    done = kept.f07("remove7", "--variant", "v701")
    assert done.returncode == 2
    assert "dvc.yaml would lose a stage, and holds what is not committed. Commit it first." in done.stderr
    kept.git("add", "dvc.yaml")
    kept.git("commit", "--quiet", "--message=Pipeline")
    done = kept.f07("remove7", "--variant", "v701")
    assert done.returncode == 0, done.stderr
    assert "DVC: f07-v701 removed" in done.stdout
    assert not kept.variant.exists()


def test_removing_takes_dvcs_entries_and_nothing_else(kept: Checkout) -> None:
    publish(kept)
    (kept.root / "staged.txt").write_text("staged")
    kept.git("add", "staged.txt")
    head = kept.git("rev-parse", "HEAD")
    done = kept.f07("remove7", "--variant", "v701")
    assert done.returncode == 0, done.stderr
    assert "git still has it; to commit the removal: git commit -m 'Remove v701' -- " in done.stdout
    assert not kept.variant.exists()
    assert kept.git("rev-parse", "HEAD") == head
    assert kept.git("diff", "--cached", "--name-only") == "staged.txt"
    command = done.stdout.rsplit("to commit the removal: ", 1)[1].strip()
    assert kept.call("sh", "-c", command).returncode == 0
    assert kept.committed() == SMALL | POINTERS | {"v701/.gitignore"}
