"""publish7 and dvc.yaml, with real git and DVC repositories and local remotes."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from conftest import REPOSITORY, Checkout
from tests.integration.test_resume import SMALL_SHARDS

pytest.importorskip("dvc", reason="DVC is not installed in this environment (extra dvc)")
pytestmark = pytest.mark.any_version

SMALL = {"variants.yaml", *(f"v701/{name}" for name in ("params.yaml", "manifest.json", "07_deployrun_metadata.json"))}
POINTERS = {f"v701/{name}.dvc" for name in ("logs", "metrics", "report")}
FOLDERS = ("logs", "metrics", "report")


@pytest.fixture(scope="session")
def shared(finished: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the finished checkout, DVC in it, a remote for DVC and one for git."""
    folder = tmp_path_factory.mktemp("shared")
    checkout = Checkout(Path(shutil.copytree(finished.root, folder / "plant")))
    checkout.dvc("init", "--quiet")
    share(checkout, folder)
    return folder


def share(checkout: Checkout, folder: Path) -> None:
    """Give DVC and git a remote each, whose addresses stay right where the whole folder is copied."""
    checkout.dvc("remote", "add", "--quiet", "--default", "storage", os.path.relpath(folder / "storage", checkout.root))
    checkout.git("commit", "--quiet", "--all", "--message=DVC")
    checkout.git("init", "--quiet", "--bare", "--initial-branch=main", folder / "git")
    checkout.git("remote", "add", "origin", os.path.relpath(folder / "git", checkout.root))
    checkout.git("push", "--quiet", "--set-upstream", "origin", "main")


def copy(shared: Path, folder: Path) -> Checkout:
    """Copy a folder with a checkout and its remotes into an empty one."""
    return Checkout(Path(shutil.copytree(shared, folder, dirs_exist_ok=True)) / "plant")


@pytest.fixture
def kept(shared: Path, tmp_path: Path) -> Checkout:
    """A copy of it."""
    return copy(shared, tmp_path)


@pytest.fixture(scope="session")
def shared_published(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, published."""
    folder = tmp_path_factory.mktemp("published")
    publish(copy(shared, folder))
    return folder


@pytest.fixture
def published(shared_published: Path, tmp_path: Path) -> Checkout:
    """A copy of it."""
    return copy(shared_published, tmp_path)


def publish(checkout: Checkout, *arguments: str, **variables: str) -> str:
    done = checkout.f07("publish7", "--variant", "v701", *arguments, **variables)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(checkout: Checkout, *arguments: str, **variables: str) -> str:
    done = checkout.f07("publish7", "--variant", "v701", *arguments, **variables)
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    return line


def clone(tmp_path: Path) -> Checkout:
    """What a colleague gets: git clone, dvc pull."""
    Checkout(tmp_path).git("clone", "--quiet", tmp_path / "git", tmp_path / "clone")
    theirs = Checkout(tmp_path / "clone")
    theirs.dvc("pull", "--quiet")
    return theirs


def check_clone(checkout: Checkout, tmp_path: Path) -> None:
    """A clone has every byte of the run, and check7 says that all is well."""
    theirs, ours = clone(tmp_path).tree(), checkout.tree()
    left_out = ("runtime/", ".gitignore")
    published = {
        name for name in ours if name.startswith("07_deployrun/v701/") and not any(x in name for x in left_out)
    }
    assert len(published) >= 12
    assert {name: theirs.get(name) for name in published} == {name: ours[name] for name in published}
    done = Checkout(tmp_path / "clone").f07("check7", "--variant", "v701")
    assert done.returncode == 0, done.stdout


def test_only_the_variants_files_are_committed_and_a_clone_gets_every_byte(kept: Checkout, tmp_path: Path) -> None:
    (kept.root / "staged.txt").write_text("staged")
    kept.git("add", "staged.txt")
    with (kept.root / ".gitignore").open("a") as file:
        file.write("dirty/\n")
    dirty = kept.git("status", "--porcelain", "--", "staged.txt", ".gitignore")

    output = publish(kept)
    files = SMALL | POINTERS | {"v701/.gitignore"}
    assert kept.committed() == files
    assert f", {len(files)} files of v701\nDVC: pushed to storage\ngit: pushed to origin\n" in output
    assert kept.git("status", "--porcelain", "--", "staged.txt", ".gitignore") == dirty
    check_clone(kept, tmp_path)

    # again: nothing new, and pushed all the same
    first = kept.git("rev-parse", "HEAD")
    assert "git: nothing new to commit\nDVC: pushed to storage\ngit: pushed to origin\n" in publish(kept)
    assert kept.git("rev-parse", "HEAD") == first

    # what has changed is counted, not what could have
    kept.change_metadata(note="mine")
    assert ", 1 file of v701\n" in publish(kept)


METADATA = "v701/07_deployrun_metadata.json"
KEPT_ALREADY = {
    "v701": {"v701.dvc", ".gitignore", "variants.yaml"},
    ".": {"executions/07_deployrun.dvc", "executions/.gitignore"},
    METADATA: SMALL - {METADATA} | POINTERS | {f"{METADATA}.dvc", "v701/.gitignore"},
}


@pytest.mark.parametrize(("above", "committed"), KEPT_ALREADY.items(), ids=["its folder", "one above", "a file of it"])
def test_what_dvc_keeps_already_it_goes_on_keeping_and_that_pointer_is_published(
    kept: Checkout, tmp_path: Path, above: str, committed: set[str]
) -> None:
    """The pipeline's own publish7 leaves v701.dvc, which nobody committed."""
    held = kept.variant / "report"
    shutil.move(held, tmp_path / "report")
    kept.dvc("add", "--quiet", kept.variant.parent / above)
    shutil.move(tmp_path / "report", held)  # this run's, which that pointer does not know
    (kept.variant / "runtime" / "server.log").write_text("this run's")

    publish(kept)
    assert "up to date" in kept.dvc("status")
    assert kept.committed() == committed
    assert kept.dvc("status", "--cloud", "--json").strip() == "{}"
    check_clone(kept, tmp_path)
    assert "git: nothing new to commit" in publish(kept)

    done = kept.f07("remove7", "--variant", "v701")
    assert done.returncode == 0, done.stderr
    if above == ".":
        assert "DVC: executions/07_deployrun.dvc still keeps v701 with executions/07_deployrun; " in done.stdout
        return
    command = done.stdout.rsplit("to commit the removal: ", 1)[1].strip()
    assert kept.call("sh", "-c", command).returncode == 0
    assert kept.committed() == committed


PIPELINE_IGNORES = """
executions/*/v*/**/*.parquet
executions/*/v*/**/*.csv
executions/*/v*/**/*.json
executions/*/v*/**/*.html
executions/*/v*/**/figures/
!executions/*/v*/*.dvc
"""


def test_what_the_pipelines_gitignore_leaves_out_is_published_all_the_same(kept: Checkout, tmp_path: Path) -> None:
    with (kept.root / ".gitignore").open("a") as file:
        file.write(PIPELINE_IGNORES)
    publish(kept)
    assert kept.committed() == SMALL | POINTERS | {"v701/.gitignore"}
    check_clone(kept, tmp_path)


def _move_storage(url: str) -> Callable[[Checkout], object]:
    return lambda checkout: checkout.dvc("remote", "modify", "storage", "url", url)


NOT_PUSHED = {
    "plugin": (
        _move_storage("s3://bucket/data"),
        "dvc push failed: unexpected error - s3 is supported, but requires 'dvc-s3' to be installed: *",
    ),
    "unreachable": (_move_storage("http://127.0.0.1:9/data"), "dvc push failed: *Cannot connect to host 127.0.0.1:9 *"),
    "unwritable": (_move_storage("/proc/nowhere"), "dvc push failed: * No such file or directory: '/proc/nowhere'*"),
}


@pytest.mark.parametrize(("spoil", "message"), NOT_PUSHED.values(), ids=NOT_PUSHED)
def test_what_is_not_pushed_is_said_with_the_reason_and_the_commit_is_kept(
    kept: Checkout, spoil: Callable[[Checkout], object], message: str
) -> None:
    spoil(kept)
    line = refused(kept)
    again = " The commit is kept; when this is mended, run it again: make publish7 VARIANT=v701"
    assert fnmatchcase(line, f"ERROR: {message}{again}"), line
    assert kept.committed() >= SMALL | POINTERS
    # no pointer is public before what it points to
    assert kept.git("rev-parse", "origin/main") == kept.git("ls-remote", "origin", "main").split()[0]


def test_a_failed_push_can_be_given_again(kept: Checkout, tmp_path: Path) -> None:
    shutil.move(tmp_path / "git", tmp_path / "away")
    refused(kept)
    shutil.move(tmp_path / "away", tmp_path / "git")
    assert "git: nothing new to commit" in publish(kept)
    check_clone(kept, tmp_path)


def _commit_logs(checkout: Checkout) -> None:
    checkout.git("add", "--force", checkout.variant / "logs")
    checkout.git("commit", "--quiet", "--message=Logs")


def _ignore(file_name: str, rule: str) -> Callable[[Checkout], object]:
    return lambda checkout: (checkout.root / file_name).write_text(rule)


NOT_KEPT = {
    "in git": (
        _commit_logs,
        "output 'executions/07_deployrun/v701/logs' is already tracked by SCM * git rm -r --cached *",
    ),
    "ignored by git": (_ignore(".gitignore", "*.dvc\n"), "bad DVC file name '*logs.dvc' is git-ignored."),
    "ignored by DVC": (_ignore(".dvcignore", "logs\n"), "Path '*logs' is ignored by .dvcignore:1:logs"),
}


@pytest.mark.parametrize(("spoil", "message"), NOT_KEPT.values(), ids=NOT_KEPT)
def test_what_dvc_does_not_keep_is_said_in_its_own_words(
    kept: Checkout, spoil: Callable[[Checkout], object], message: str
) -> None:
    spoil(kept)
    head = kept.git("rev-parse", "HEAD")
    line = refused(kept)
    assert fnmatchcase(line, f"ERROR: dvc add failed: {message}"), line
    assert kept.git("rev-parse", "HEAD") == head


def test_a_dvc_that_another_process_holds_is_named(kept: Checkout) -> None:
    (kept.root / ".dvc" / "tmp").mkdir(exist_ok=True)
    with (kept.root / ".dvc" / "tmp" / "lock").open("w") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert refused(kept).startswith(
            "ERROR: dvc add failed: Unable to acquire lock. Most likely another DVC process"
        )
    publish(kept)


def test_a_hooks_environment_leads_into_no_other_repository(kept: Checkout, tmp_path: Path) -> None:
    other = Checkout(tmp_path / "other")
    kept.git("init", "--quiet", other.root)
    other.git("commit", "--quiet", "--allow-empty", "--message=Theirs")
    before = (other.git("rev-parse", "HEAD"), other.git("status", "--porcelain"))
    publish(
        kept, GIT_DIR=str(other.root / ".git"), GIT_WORK_TREE=str(other.root), GIT_INDEX_FILE=str(other.root / "index")
    )
    assert (other.git("rev-parse", "HEAD"), other.git("status", "--porcelain")) == before
    assert kept.committed() == SMALL | POINTERS | {"v701/.gitignore"}


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


@pytest.mark.parametrize("fetched_from", ["cache", "remote"])
def test_a_run_is_compared_with_its_published_revision(published: Checkout, fetched_from: str) -> None:
    if fetched_from == "remote":
        shutil.rmtree(published.root / ".dvc" / "cache")
    commit = published.git("rev-parse", "HEAD").strip()
    done = published.call(sys.executable, "-m", "pytest", "--f07-variant=v701", "--f07-compare=v701@HEAD")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (
        f"f07: against v701@HEAD ({commit[:7]}) of package v601: 5,668 common rows of 3 of 3 models; 0 flipped"
        in done.stdout
    )
    assert "f07: no row flipped, so each metric of these rows is the same" in done.stdout
    published.change_metadata(sha256={"logs/raw_predictions.parquet": "0" * 64})
    published.git("commit", "--quiet", "--all", "--message=another digest")
    done = published.call(sys.executable, "-m", "pytest", "--f07-variant=v701", "--f07-compare=v701@HEAD")
    assert done.returncode == 4
    assert "of HEAD is not the file that its metadata names" in done.stderr


@pytest.fixture(scope="session")
def shared_in_parts(shared_published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, published with its log in one file, then run and published with its log in parts."""
    folder = tmp_path_factory.mktemp("parts")
    checkout = copy(shared_published, folder)
    with (checkout.root / "conftest.py").open("a") as file:
        file.write(SMALL_SHARDS)
    with (checkout.variant / "params.yaml").open("a") as file:
        file.write("log: parts\n")
    done = checkout.run()
    assert done.returncode == 0, done.stdout
    assert len(list((checkout.variant / "logs" / "raw_predictions.parquet").iterdir())) > 3
    assert "git: committed" in publish(checkout)
    return folder


@pytest.fixture
def in_parts(shared_in_parts: Path, tmp_path: Path) -> Checkout:
    """A copy of it."""
    return copy(shared_in_parts, tmp_path)


def test_a_log_in_parts_is_published_after_one_in_a_file_and_the_other_way_round(
    in_parts: Checkout, tmp_path: Path
) -> None:
    check_clone(in_parts, tmp_path)
    params = in_parts.variant / "params.yaml"
    params.write_text(params.read_text().replace("log: parts\n", ""))
    done = in_parts.run()
    assert done.returncode == 0, done.stdout
    assert "git: committed" in publish(in_parts)
    shutil.rmtree(tmp_path / "clone")
    check_clone(in_parts, tmp_path)


@pytest.mark.parametrize("fetched_from", ["cache", "remote"])
@pytest.mark.parametrize("revision", ["HEAD", "HEAD~1"], ids=["in parts", "one file"])
def test_a_run_in_parts_is_compared_with_published_revisions_of_either_form(
    in_parts: Checkout, revision: str, fetched_from: str
) -> None:
    if fetched_from == "remote":
        shutil.rmtree(in_parts.root / ".dvc" / "cache")
    done = in_parts.call(sys.executable, "-m", "pytest", "--f07-variant=v701", f"--f07-compare=v701@{revision}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5,668 common rows of 3 of 3 models; 0 flipped" in done.stdout


def test_a_part_that_the_metadata_of_a_revision_do_not_name_is_refused(in_parts: Checkout) -> None:
    (in_parts.variant / "logs" / "raw_predictions.parquet" / "part-00099.parquet").write_bytes(b"another's")
    in_parts.dvc("add", "--quiet", in_parts.variant / "logs")
    in_parts.git("commit", "--quiet", "--all", "--message=One part more")
    done = in_parts.call(sys.executable, "-m", "pytest", "--f07-variant=v701", "--f07-compare=v701@HEAD")
    assert done.returncode == 4
    assert "/part-00099.parquet of HEAD is not the file that its metadata names" in done.stderr


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
    outer = Checkout(tmp_path / "outer")
    outer.root.mkdir()
    outer.git("init", "--quiet", "--initial-branch=main")
    ignore = (REPOSITORY / ".gitignore").read_text().replace("/executions/", "/plants/one/executions/")
    (outer.root / ".gitignore").write_text(ignore)
    outer.dvc("init", "--quiet")
    share(outer, tmp_path)
    shutil.copytree(finished.root, outer.root / "plants" / "one", ignore=shutil.ignore_patterns(".git"))
    checkout = Checkout(outer.root / "plants" / "one")
    publish(checkout)
    names = {name.removeprefix("plants/one/executions/07_deployrun/") for name in checkout.committed()}
    assert names == SMALL | POINTERS  # DVC writes no .gitignore where git ignores the folders already
    assert checkout.dvc("data", "status").count("v701") == 0


def test_a_dvc_pipeline_runs_shows_publishes_and_forgets_a_variant(kept: Checkout) -> None:
    shutil.rmtree(kept.variant / "logs")
    shutil.copy(REPOSITORY / "docs" / "examples" / "dvc.yaml", kept.root)
    kept.dvc("repro", "--quiet", "f07-v701")
    head, _, *lines = kept.dvc("metrics", "show", "--md").strip().splitlines()
    print(head, *lines, sep="\n")
    assert [cell.strip() for cell in head.split("|")][
        2:-1
    ] == "FN FP TN TP f1 mcc no_ref_total non_finite precision recall".split()
    paths = [line.split("|")[1].strip() for line in lines]
    assert [path.rsplit("/", 1)[1] for path in paths] == [
        "feeder_overload.json",
        "inverter_trip.cnn.json",
        "inverter_trip.json",
    ]
    kept.dvc("plots", "show", "--quiet")
    page = (kept.root / "dvc_plots" / "index.html").read_text()
    assert "F1 of each model" in page
    assert "confusion_inverter_trip.cnn.png" in page
    assert "didn't change, skipping" in kept.dvc("repro", "f07-v701")

    output = publish(kept)
    assert "(dvc commit of f07-v701)" in output
    assert "git: dvc.yaml is yours and not committed" in output
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


def test_removing_takes_dvcs_entries_and_nothing_else(published: Checkout) -> None:
    (published.root / "staged.txt").write_text("staged")
    published.git("add", "staged.txt")
    head = published.git("rev-parse", "HEAD")
    done = published.f07("remove7", "--variant", "v701")
    assert done.returncode == 0, done.stderr
    assert "git still has it; to commit the removal: git commit -m 'Remove v701' -- " in done.stdout
    assert not published.variant.exists()
    assert published.git("rev-parse", "HEAD") == head
    assert published.git("diff", "--cached", "--name-only") == "staged.txt"
    command = done.stdout.rsplit("to commit the removal: ", 1)[1].strip()
    assert published.call("sh", "-c", command).returncode == 0
    assert published.committed() == SMALL | POINTERS | {"v701/.gitignore"}
