"""Test that manifest and parameters of a variant belong together."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_f07.errors import F07Error
from pytest_f07.run.declaration import load
from tests.unit.small_package import make_package, make_project


def test_params_and_manifest_must_name_one_package(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    make_package(project.root, "v602")
    project.variant("v701").params.write_text("parent_variant_f06: v602\n")
    with pytest.raises(F07Error) as caught:
        load(project, "v701")
    assert str(caught.value) == (
        "executions/07_deployrun/v701/params.yaml: parent_variant_f06 is v602, and the manifest was made of v601; "
        "they must agree. Make a new variant: make variant7 VARIANT=<a new name> PARENT=v602"
    )


def test_a_rule_for_a_model_that_is_not_there_is_refused(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    with project.variant("v701").params.open("a") as file:
        file.write("require: {no_model: {recall: 0.5}}\n")
    with pytest.raises(F07Error, match="no_model"):
        load(project, "v701")
