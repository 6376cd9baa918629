"""What is told where a variant or a package is not there: what is, the newest of many."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_f07.variant.missing import missing_package, missing_variant
from pytest_f07.variant.paths import Project

THERE = {
    0: ", nor is any other",
    1: "; there is v100",
    3: "; there are v100, v101, v102",
    12: "; the last are v102, v103, v104, v105, v106, v107, v108, v109, v110, v111",
}


@pytest.mark.parametrize(("number", "listed"), THERE.items())
def test_what_is_there_is_listed(tmp_path: Path, number: int, listed: str) -> None:
    project = Project(tmp_path)
    for phase in (project.packages, project.variants):
        for place in range(number):
            (phase / f"v{100 + place}").mkdir(parents=True)
    assert str(missing_package(project.package("v999"))) == (
        f"package v999: executions/06_packaging/v999 is not there{listed}."
    )
    told = str(missing_variant(project, "v999"))
    assert told.startswith(f"there is no variant v999: executions/07_deployrun/v999 is not there{listed}. ")
    parent = f"v{99 + number}"
    assert told.endswith(f"make variant7 VARIANT=v999 PARENT={parent}" if number else "of which it could be made.")


def test_numbers_are_in_order_and_other_folders_are_no_variants(tmp_path: Path) -> None:
    project = Project(tmp_path)
    for name in ("v1000", "v999", "backup", ".variant7-x"):
        (project.packages / name).mkdir(parents=True)
    (project.packages / "v998").touch()
    assert "; there are v999, v1000." in str(missing_package(project.package("v601")))
