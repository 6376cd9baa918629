"""From the pipeline's own project to a published variant, and back from a colleague's clone: each step through make."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from conftest import REAL_PACKAGES, REPOSITORY, Checkout

PIPELINE = REPOSITORY / "tests" / "pipeline"
# A real package that passes, where the real ones are beside this checkout; else the demo package.
PACKAGES = REAL_PACKAGES / "executions" if REAL_PACKAGES.is_dir() else REPOSITORY / "executions"
PARENT = "v603" if REAL_PACKAGES.is_dir() else "v601"
CHECKS = ("complete", "unaltered", "sealed", "balanced")
NOTEBOOK = "executions/07_deployrun/v702/07_deployrun.ipynb"


@dataclass
class PipelineProject(Checkout):
    """A clone of the pipeline's project, whose Makefile includes f07.mk."""

    @property
    def phase(self) -> Path:
        return self.root / "executions" / "07_deployrun"

    def use_environment(self) -> None:
        """Give it the environment that runs these tests, where the pipeline's setup makes its own."""
        (self.root / ".venv").symlink_to(sys.prefix)

    def make(self, *arguments: str, status: int = 0) -> str:
        """Return all that make prints, and assert how it ends."""
        done = self.call("make", "--no-print-directory", *arguments)
        text = done.stdout + done.stderr
        assert done.returncode == status, text
        assert "Traceback" not in text
        assert "overriding recipe" not in text
        return text

    def artefacts(self, variant: str) -> dict[str, bytes]:
        """Return the files that two runs make alike."""
        top = self.phase / variant
        files = [path for name in ("logs", "metrics", "report/figures") for path in (top / name).rglob("*")]
        return {path.relative_to(top).as_posix(): path.read_bytes() for path in files if path.is_file()}


def start_project(folder: Path) -> PipelineProject:
    """Return the pipeline's project with its package published and phase 07 set up as README says, pushed to both."""
    project = PipelineProject(Path(shutil.copytree(PIPELINE, folder / "project")))
    makefile = project.root / "Makefile"
    above, _, block = makefile.read_text().partition("# Phase 07\n")
    below = block[block.index("# What all phases have") :]
    makefile.write_text(f"{above}{below}\ninclude f07.mk\n")
    (project.root / "f07.mk").write_text(project.f07("makefile").stdout)
    project.phase.mkdir(parents=True)
    shutil.copy(PIPELINE / "setup" / "base_params_07.yaml", project.phase / "base_params.yaml")
    package = f"executions/06_packaging/{PARENT}"
    shutil.copytree(PACKAGES / "06_packaging" / PARENT, project.root / package, copy_function=shutil.copyfile)
    project.use_environment()

    project.git("init", "--quiet", "--initial-branch=main")
    project.dvc("init", "--quiet")
    project.dvc("remote", "add", "--quiet", "--default", "storage", folder / "storage")
    project.dvc("add", "--quiet", package)
    (project.root / ".git" / "info" / "exclude").write_text(".venv\n")  # a link, which ".venv/" does not ignore
    project.git("add", ".")
    project.git("commit", "--quiet", "--message=The pipeline, a package, phase 07")
    project.git("init", "--quiet", "--bare", "--initial-branch=main", folder / "git")
    project.git("remote", "add", "origin", folder / "git")
    project.git("push", "--quiet", "--set-upstream", "origin", "main")
    project.dvc("push", "--quiet")
    return project


def clone_project(folder: Path) -> PipelineProject:
    """Return what a colleague gets: git clone, an environment, dvc pull."""
    Checkout(folder).git("clone", "--quiet", folder / "git", folder / "clone")
    clone = PipelineProject(folder / "clone")
    clone.use_environment()
    clone.dvc("pull", "--quiet")
    return clone


def test_from_the_pipelines_project_to_a_published_variant_and_back(tmp_path: Path) -> None:
    project = start_project(tmp_path)

    # the package, a variant of it, its run
    assert f"package {PARENT}: fit to be validated" in project.make("check7", f"PARENT={PARENT}")
    project.make("variant7", "VARIANT=v701", f"PARENT={PARENT}", "PORT=0")
    assert " passed" in project.make("script7-run", "VARIANT=v701")
    check(project, "v701")
    assert "passed" in listed(project, "v701")
    artefacts = project.artefacts("v701")
    assert {"logs/raw_predictions.parquet", "metrics/metrics_per_model.csv"} <= artefacts.keys()

    # published; a second variant is declared, and committed as the pipeline's .gitignore lets it
    text = project.make("publish7", "VARIANT=v701")
    assert "DVC: pushed to storage\ngit: pushed to origin\n" in text
    project.make("variant7", "VARIANT=v702", f"PARENT={PARENT}", "PORT=0", "BATCH_SIZE=64")
    with (project.phase / "v702" / "params.yaml").open("a") as file:
        file.write("equivalence: 'off'\n")  # the oracle takes its time, and v701's run asks it
    project.git("add", "executions/07_deployrun")
    project.git("commit", "--quiet", "--message=v702 declared")
    project.git("push", "--quiet")
    assert project.git("status", "--porcelain") == ""

    # a colleague has the run, whole
    clone = clone_project(tmp_path)
    assert clone.artefacts("v701") == artefacts
    assert "passed" in listed(clone, "v701")
    check(clone, "v701")

    # and the declared variant, whose manifest git ignored
    assert not (clone.phase / "v702" / "manifest.json").exists()
    assert f"make variant7 VARIANT=v702 PARENT={PARENT}" in clone.make("script7-run", "VARIANT=v702", status=2)
    clone.make("variant7", "VARIANT=v702", f"PARENT={PARENT}")
    assert "batch_size: 64" in (clone.phase / "v702" / "params.yaml").read_text()
    assert " passed" in clone.make("script7-run", "VARIANT=v702")
    script = clone.artefacts("v702")
    told = clone.make("nb7-run", "VARIANT=v702")
    assert " passed in " in told
    assert told.endswith(f"{NOTEBOOK} written\n")
    assert clone.artefacts("v702") == script
    assert (clone.root / NOTEBOOK).is_file()

    # published there; nothing is new the second time
    assert "git: pushed to origin\n" in clone.make("publish7", "VARIANT=v702")
    assert "git: nothing new to commit\n" in clone.make("publish7", "VARIANT=v702")

    # back: what the colleague published
    project.git("pull", "--quiet")
    project.dvc("pull", "--quiet")
    assert project.artefacts("v702") == clone.artefacts("v702")
    check(project, "v702")

    # a run again gives the same bytes, and is published anew
    assert " passed" in project.make("script7-run", "VARIANT=v701")
    assert project.artefacts("v701") == artefacts
    assert "git: committed " in project.make("publish7", "VARIANT=v701")

    # removed when nothing was made of it any more
    child = project.root / "executions" / "08_monitoring" / "v801" / "params.yaml"
    child.parent.mkdir(parents=True)
    child.write_text(json.dumps({"parent_variant_f07": "v701"}))
    before = project.tree()
    assert "v701 is not removed: made of it is 08_monitoring/v801." in project.make("remove7", "VARIANT=v701", status=2)
    assert project.tree() == before
    shutil.rmtree(child.parents[1])
    project.make("remove7", "VARIANT=v701")
    assert not (project.phase / "v701").exists()
    assert listed(project, "v701") == ""
    assert "passed" in listed(project, "v702")


def listed(project: PipelineProject, variant: str) -> str:
    """Return what list7 says of a variant, or nothing."""
    return next((line for line in project.make("list7").splitlines() if line.startswith(variant)), "")


def check(project: PipelineProject, variant: str) -> None:
    """Assert that check7 finds a variant complete, unaltered, sealed and balanced."""
    lines = [line for line in project.make("check7", f"VARIANT={variant}").splitlines() if not line.startswith("[")]
    assert [line[:13].split() for line in lines] == [["ok", word] for word in CHECKS]
