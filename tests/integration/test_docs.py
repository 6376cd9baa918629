"""Run the commands of each page of docs/ that has one task, and look for what the page shows of their output."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from conftest import REPOSITORY, Checkout, F07Project, make_checkout

pytestmark = pytest.mark.any_version

DOCS = REPOSITORY / "docs"
BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = (
    "validate-a-package.md",
    "compare-and-gate.md",
    "own-checks.md",
    "resume.md",
    "log-parts.md",
    "publish.md",
    "in-ci.md",
    "your-own-project.md",
)


@dataclass(frozen=True)
class Page:
    """The commands of a page, and the lines that it shows of what they print; … stands for any text."""

    commands: str
    shown: list[str]


def read_page(name: str) -> Page:
    blocks = BLOCK.findall((DOCS / name).read_text(encoding="utf-8"))
    shown = [line for kind, text in blocks if kind == "text" for line in text.splitlines()]
    return Page("".join(text for kind, text in blocks if kind == "sh"), shown)


def run_page(page: Page, checkout: Checkout) -> str:
    """Return what the commands print, the first that fails being the last."""
    done = checkout.call("bash", "-euo", "pipefail", "-c", f"exec 2>&1\n{page.commands}")
    assert done.returncode == 0, done.stdout
    return done.stdout


def is_shown(line: str, output: str) -> bool:
    pattern = ".*".join(map(re.escape, line.split("…")))
    return re.search(f"^{pattern}$", output, re.MULTILINE) is not None


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """A project with the demo package and v701, any free port, git with a remote and DVC with one."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:anyio -p no:hydra_pytest -p no:hypothesispytest -p no:schemathesis")
    checkout = make_checkout(tmp_path / "plant")
    (checkout.root / "conftest.py").unlink()  # the real server answers, and the oracle is asked
    (checkout.root / "executions" / "07_deployrun" / "base_params.yaml").unlink()
    (checkout.variant / "params.yaml").write_text("parent_variant_f06: v601\nruntime: {port: 0}\n")
    (checkout.root / ".venv").symlink_to(sys.prefix)
    (checkout.root / ".gitignore").write_text(".venv\n__pycache__/\n.pytest_cache/\n")
    return checkout


def add_makefile(checkout: Checkout) -> None:
    (checkout.root / "f07.mk").write_text(checkout.f07("makefile").stdout)
    (checkout.root / "Makefile").write_text("include f07.mk\n")


def add_remotes(checkout: Checkout) -> None:
    checkout.git("init", "--quiet", "--initial-branch=main")
    checkout.git("add", ".")
    checkout.git("commit", "--quiet", "--message=The package and its variant")
    checkout.dvc("init", "--quiet")
    storage = checkout.root.parent / "storage"
    checkout.dvc("remote", "add", "--quiet", "--default", "storage", storage)
    checkout.git("commit", "--quiet", "--all", "--message=DVC")
    checkout.git("init", "--quiet", "--bare", "--initial-branch=main", checkout.root.parent / "git")
    checkout.git("remote", "add", "origin", checkout.root.parent / "git")
    checkout.git("push", "--quiet", "--set-upstream", "origin", "main")


@pytest.mark.parametrize("name", PAGES)
def test_the_commands_of_a_page_do_what_it_shows(name: str, project: Checkout) -> None:
    page = read_page(name)
    assert page.commands
    assert page.shown
    if name != "your-own-project.md":  # it says how to have one
        add_makefile(project)
    if name == "own-checks.md":
        shutil.copytree(DOCS / "examples", project.root / "docs" / "examples")
    if name == "publish.md":
        pytest.importorskip("dvc", reason="DVC is not installed in this environment (extra dvc)")
        add_remotes(project)
    output = run_page(page, project)
    assert [line for line in page.shown if not is_shown(line, output)] == [], output


def test_each_page_is_in_the_index() -> None:
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    pages = {path.name for path in DOCS.glob("*.md")} - {"README.md"}
    assert {name for name in pages if f"]({name})" not in index} == set()


@pytest.mark.parametrize("path", [*DOCS.glob("*.md"), *REPOSITORY.glob("*.md")], ids=lambda path: path.name)
def test_links_lead_to_files_that_are_there(path: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


@dataclass(frozen=True)
class Job:
    """What an example lets a CI server do for one variant.

    :param install: the command that installs pytest-f07; ``command`` the one that validates.
    :param kept: the files and folders that are kept.
    """

    install: str
    command: str
    kept: list[str]


def read_gitlab_job(variant: str) -> Job:
    job = yaml.safe_load((DOCS / "examples" / "gitlab-ci.yml").read_text(encoding="utf-8"))["f07"]
    assert [list(entry) for entry in job["parallel"]["matrix"]] == [["VARIANT"]]
    [command] = job["script"]
    kept = [*job["artifacts"]["paths"], job["artifacts"]["reports"]["junit"]]
    install = next(line for line in job["before_script"] if "pip install" in line)
    command, *kept = (text.replace("$VARIANT", variant) for text in (command, *kept))
    return Job(install, command, kept)


def read_github_job(variant: str) -> Job:
    text = (DOCS / "examples" / "pipeline-ci.yml").read_text(encoding="utf-8")
    job = yaml.safe_load(text.replace("${{ matrix.variant }}", variant))["jobs"]["validate"]
    assert list(job["strategy"]["matrix"]) == ["variant"]
    runs = [step["run"] for step in job["steps"] if "run" in step]
    uploads = [step["with"]["path"].split() for step in job["steps"] if "upload-artifact" in step.get("uses", "")]
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", step["uses"]) for step in job["steps"] if "uses" in step)
    install, command = (next(run for run in runs if part in run) for part in ("pip install", "pytest --"))
    return Job(install, command, uploads[0])


@pytest.mark.parametrize("read", [read_gitlab_job, read_github_job], ids=["GitLab", "GitHub"])
def test_a_ci_example_installs_what_there_is_validates_a_variant_and_keeps_its_files(
    f07_stub: F07Project, read: Callable[[str], Job]
) -> None:
    job = read("v701")
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    [extras] = re.findall(rf'"{project["name"]}\[([\w,]+)\]"', job.install)
    assert set(extras.split(",")) <= set(project["optional-dependencies"])
    environment = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}
    done = subprocess.run(["sh", "-c", job.command], cwd=f07_stub.root, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert [path for path in job.kept if not (f07_stub.root / path).exists()] == []


def test_the_development_container_is_set_up_by_a_target_that_is_there() -> None:
    document = json.loads((REPOSITORY / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    done = subprocess.run([*document["postCreateCommand"].split(), "--dry-run"], cwd=REPOSITORY, capture_output=True)
    assert done.returncode == 0, done.stderr
