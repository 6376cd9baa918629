"""Which later variants were made of an F07 variant: every way in which the phases write it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_f07.commands.children import children, dependents
from pytest_f07.errors import F07Error
from pytest_f07.variant.paths import Project

NAMED = {
    "08_monitor/v801/params.yaml": "parent_variant_f07: v701",
    "08_monitor/v802/params.yaml": "parent_variants_f07: [v700, v701]",
    "08_monitor/v803/params.yaml": "parent_variant: v701",
    "08_monitor/v804/params.yaml": "{parent_phase: 07_deployrun, parent_variants: [v701]}",
    "09_retire/v901/params.yaml": "{parent_phase: 08_monitor, parent_variant_f07: v701}",
    "10_audit/v1001/params.yaml": "inputs: {deployed: [{parent_variant: v701}]}",
}
NOT_NAMED = {
    "08_monitor/v801/params.yaml": "parent_variant_f07: v7010",
    "08_monitor/v802/params.yaml": "{parent_phase: 06_packaging, parent_variant: v701}",
    "08_monitor/v803/params.yaml": "variant: v701",
    "08_monitor/notes/params.yaml": "parent_variant: v701",
    "07_deployrun/v702/params.yaml": "parent_variant: v701",
    "06_packaging/v601/params.yaml": "parent_variant: v701",
    "08_monitor/v804/params.yaml": "",
}


def lay(root: Path, name: str, text: str) -> Project:
    path = root / "executions" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return Project(root)


@pytest.mark.parametrize(("name", "text"), NAMED.items(), ids=NAMED)
def test_a_child_is_found_in_its_params(tmp_path: Path, name: str, text: str) -> None:
    assert children(lay(tmp_path, name, text), "v701") == [name.removesuffix("/params.yaml")]


@pytest.mark.parametrize(("name", "text"), NOT_NAMED.items(), ids=NOT_NAMED)
def test_what_names_another_variant_or_phase_is_no_child(tmp_path: Path, name: str, text: str) -> None:
    assert children(lay(tmp_path, name, text), "v701") == []


def test_a_child_is_found_in_the_registry_of_its_phase_and_told_once(tmp_path: Path) -> None:
    registry = """
        variants:
          v801: {parent_phase: 07_deployrun, parent_variant: v701}
          v802: {parent_phase: 06_packaging, parent_variant: v701}
          v803: {parent_variant: [v701, v702]}
    """
    lay(tmp_path, "08_monitor/variants.yaml", registry)
    project = lay(tmp_path, "08_monitor/v801/params.yaml", "parent_variant: v701")
    assert children(project, "v701") == ["08_monitor/v801", "08_monitor/v803"]


def test_what_cannot_be_read_may_name_a_child(tmp_path: Path) -> None:
    project = lay(tmp_path, "08_monitor/variants.yaml", "variants: {")
    with pytest.raises(F07Error, match=r"^executions/08_monitor/variants.yaml: is not YAML"):
        children(project, "v701")


def test_variants_that_are_compared_with_one_depend_on_it(tmp_path: Path) -> None:
    project = Project(tmp_path)
    for name, require in {
        "v701": "{recall: {not_below: v701}}",
        "v702": "{recall: {not_below: v701, by: 0.1}}",
        "v703": "{models: {a: {flips: {at_most: 0, since: v701}}}}",
        "v704": "{recall: 0.5, f1: {not_below: v700}}",
        "v705": "[",
    }.items():
        paths = project.variant(name)
        paths.folder.mkdir(parents=True)
        paths.params.write_text(f"parent_variant_f06: v601\nrequire: {require}\n")
    assert dependents(project, "v701") == ["v702", "v703"]
    assert dependents(project, "v702") == []
