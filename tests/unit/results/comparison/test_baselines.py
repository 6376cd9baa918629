"""Which earlier runs a run is compared with, and how they are named."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_f07.errors import F07Error
from pytest_f07.results.comparison import baselines as module
from pytest_f07.results.comparison.baselines import read_baselines, remove_fetched
from pytest_f07.variant.manifest import Manifest
from pytest_f07.variant.params import Params
from pytest_f07.variant.paths import Project
from tests.unit.results.small_baseline import write_baseline

LOG = {"v401": [("[1]", [0.1])]}


def manifest(root: Path) -> Manifest:
    """Return the manifest of v702, in a project where v701 has a complete run."""
    project = write_baseline(root, ["a"], LOG)
    listed = (("a", "v501", "a__a"),)
    return Manifest(project, project.variant("v702"), project.package("v601"), listed, ("v401",), None, "0" * 64)


def params(require: dict[str, Any]) -> Params:
    return replace(Params("v601"), require=require)


def test_the_run_that_is_asked_for_comes_first_then_those_that_are_required(tmp_path: Path) -> None:
    rules = params({"recall": {"not_below": "v701"}})
    loaded = manifest(tmp_path)
    assert read_baselines(loaded, params({}), None) == {}
    assert list(read_baselines(loaded, rules, None)) == ["v701"]
    assert list(read_baselines(loaded, rules, "v701")) == ["v701"]
    write_baseline(tmp_path / "other", ["a"], LOG)
    assert list(read_baselines(loaded, rules, "other:v701")) == ["other:v701", "v701"]


def test_a_run_of_another_project_may_have_the_variants_own_name(tmp_path: Path) -> None:
    loaded = manifest(tmp_path)
    other = write_baseline(tmp_path / "other", ["a"], LOG)
    shutil.move(other.variant("v701").folder, other.variant("v702").folder)
    baseline = read_baselines(loaded, params({}), f"{other.root}:v702")[f"{other.root}:v702"]
    assert baseline.log.parquet == other.variant("v702").predictions_parquet


REFUSED = {
    "itself": ("v702", "--f07-compare=v702 is the variant itself; name another one, or a revision of it (v702@HEAD)."),
    "itself, by its project": (
        ".:v702",
        "--f07-compare=.:v702 is the variant itself; name another one, or a revision of it (v702@HEAD).",
    ),
    **{
        text: (
            text,
            f"--f07-compare={text}: name a run like v701, v701@REVISION or path/to/project:v701; a variant is 'v' and "
            "at least three digits.",
        )
        for text in ("", "701", "V701", "main@v701", "v701@", "@HEAD", ":v701", "other:", "../other", "v701 v702")
    },
    "not there": (
        "v799",
        "--f07-compare=v799: there is no variant v799: executions/07_deployrun/v799 is not there; there is v701. Name "
        "one that has been run.",
    ),
    "no project": (
        "nowhere:v701",
        "--f07-compare=nowhere:v701: nowhere is no project: it has no folder executions/07_deployrun/.",
    ),
    "no revision": ("v701@v9", "--f07-compare=v701@v9: git knows no revision 'v9' here. git log shows what there is."),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_run_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str) -> None:
    fetched = tmp_path / "fetched"

    def make(prefix: str) -> Path:
        fetched.mkdir()
        return fetched

    monkeypatch.setattr(module, "make_temporary", make)
    with pytest.raises(F07Error) as caught:
        read_baselines(manifest(tmp_path), params({}), text)
    assert str(caught.value) == message
    assert not fetched.exists()


def test_a_rule_that_names_the_variant_itself_is_refused(tmp_path: Path) -> None:
    with pytest.raises(F07Error, match=r"params\.yaml: require names v702, which is the variant itself; name another"):
        read_baselines(manifest(tmp_path), params({"f1": {"not_below": "v702"}}), None)


def test_what_was_fetched_is_removed_in_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(project: Project, variant: str, revision: str, folder: Path, subject: str) -> tuple[Project, str]:
        return write_baseline(folder, ["a"], LOG), "0123456789" * 4

    monkeypatch.setattr(module, "make_temporary", lambda prefix: tmp_path / "fetched")
    monkeypatch.setattr(module, "fetch_run", fetch)
    baselines = read_baselines(manifest(tmp_path), params({}), "v701@HEAD")
    assert baselines["v701@HEAD"].name == "v701@HEAD (0123456)"
    assert (tmp_path / "fetched").is_dir()
    remove_fetched(baselines)
    assert not (tmp_path / "fetched").exists()
