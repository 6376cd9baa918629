"""What is not as the run left it: each kind of change, and a link in the place of a file, which is none."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conftest import Checkout
from pytest_f07.results.reading.complete import read_metadata
from pytest_f07.results.reading.unaltered import (
    describe_alteration,
    describe_file_alteration,
    describe_name_alteration,
    output_names,
)
from pytest_f07.variant.paths import Project

FOLDER = "executions/07_deployrun/v701"
LOG = "logs/raw_predictions.csv"


def link_the_log(checkout: Checkout) -> None:
    path = checkout.variant / LOG
    path.rename(checkout.root / "elsewhere.csv")
    path.symlink_to(checkout.root / "elsewhere.csv")


def name_a_file_outside(checkout: Checkout) -> None:
    digests = read_metadata(Project(checkout.root), Project(checkout.root).variant("v701"))["sha256"]
    checkout.change_metadata(sha256={**digests, "../../../conftest.py": "0" * 64})


ALTERATIONS: dict[str, tuple[Callable[[Checkout], object], str]] = {
    "nothing": (lambda checkout: None, ""),
    "a link for a file": (link_the_log, ""),
    "a file added": (lambda checkout: (checkout.variant / "logs" / "a").touch(), f"{FOLDER}/logs/a was added after *"),
    "a file removed": (lambda checkout: (checkout.variant / LOG).unlink(), f"{FOLDER}/{LOG} is missing"),
    "a file changed": (
        lambda checkout: (checkout.variant / LOG).write_text("window\n"),
        f"{FOLDER}/{LOG} has changed since the run",
    ),
    "params.yaml": (
        lambda checkout: (checkout.variant / "params.yaml").write_text("parent_variant_f06: v601\n"),
        f"{FOLDER}/params.yaml has changed since the run",
    ),
    "no params.yaml": (
        lambda checkout: (checkout.variant / "params.yaml").unlink(),
        f"{FOLDER}/params.yaml: no such file",
    ),
    "manifest.json": (
        lambda checkout: (checkout.variant / "manifest.json").write_text("{}"),
        f"{FOLDER}/manifest.json has changed since the run",
    ),
    "no manifest.json": (
        lambda checkout: (checkout.variant / "manifest.json").unlink(),
        f"{FOLDER}/manifest.json is missing",
    ),
    "metadata that name a file outside": (name_a_file_outside, f"{FOLDER}/../../../conftest.py is missing"),
}


@pytest.mark.parametrize(("alter", "expected"), ALTERATIONS.values(), ids=ALTERATIONS)
def test_the_first_alteration_is_named(checkout: Checkout, alter: Callable[[Checkout], object], expected: str) -> None:
    project = Project(checkout.root)
    alter(checkout)
    text = describe_alteration(project, project.variant("v701"), checkout.metadata())
    assert text.startswith(expected.removesuffix("*"))
    assert bool(text) == bool(expected)


def test_names_are_held_without_a_look_into_the_files_and_each_file_alone(checkout: Checkout) -> None:
    project, sealed = Project(checkout.root), checkout.metadata()["sha256"]
    paths = project.variant("v701")
    (checkout.variant / LOG).write_text("window\n")
    assert sorted(output_names(paths)) == sorted(sealed)
    assert describe_name_alteration(project, paths, sealed) == ""
    others = {name for name in sealed if describe_file_alteration(project, paths, sealed, name)}
    assert others == {LOG}
