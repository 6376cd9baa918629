"""Test what check7 says of a second run: the same bytes, other scores, or none."""

from __future__ import annotations

import re

import pytest

from conftest import F07Project
from pytest_f07.commands.cli import main
from pytest_f07.commands.rerun import check_rerun
from pytest_f07.variant.paths import Project


def finished(project: F07Project, fault: str = "none") -> Project:
    """Run the variant with the stub server."""
    project.set_params(equivalence="off")
    project.stub(fault)
    assert project.run().ret == 0
    return Project(project.root)


def test_two_runs_of_one_software_write_the_same(
    f07_project: F07Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project = finished(f07_project)
    (f07_project.root / "tests").mkdir()
    (f07_project.root / "tests" / "test_own.py").write_text("def test_own(f07_metrics): pass")
    f07_project.set_params(equivalence="off", checks="tests")
    assert f07_project.run().ret == 0
    before = f07_project.tree()
    monkeypatch.chdir(project.root)
    assert main(["check7", "--variant", "v701", "--rerun"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert re.fullmatch(r"ok  repeated   a second run wrote the same \d+ files, byte by byte", last), last
    assert f07_project.tree() == before


def test_a_server_that_adds_noise_is_noticed(f07_project: F07Project) -> None:
    finding = check_rerun(finished(f07_project, "noise"), "v701")
    assert re.fullmatch(
        r"\d+ files of a second run differ: .*logs/raw_predictions\.parquet.*; [\d,]+ of 11,514 scores are apart "
        r"by up to [12](\.\d)?e-07",
        finding.wrong,
    ), finding


def test_a_second_run_that_breaks_is_told_with_its_reason(f07_project: F07Project) -> None:
    project = finished(f07_project)
    f07_project.stub("dies")
    finding = check_rerun(project, "v701")
    assert re.match(r"the second run was not completed: F07-BROKEN .*the server died at v401 row", finding.unknown), (
        finding
    )


def test_a_package_has_no_run_to_repeat(
    f07_project: F07Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(f07_project.root)
    assert main(["check7", "--parent", "v601", "--rerun"]) == 2
    assert capsys.readouterr().err.startswith("ERROR: RERUN=1 repeats the run of a variant; ")
