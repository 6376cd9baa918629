from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from benchmarks import whole
from benchmarks.workload import VARIANT, project_of
from pytest_f07.variant.paths import Project
from tests.unit.small_package import make_package

# What stands for f07.mk: a target that writes what a run writes, after a while in which it can be seen.
MAKEFILE = """
script7-run: ; @sleep 0.6; cp {document} {metadata}; echo $(VARIANT) $(F07_PYTHON)
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project of a small package, where make writes the metadata of a run."""
    project = project_of(make_package(tmp_path / "source").folder, tmp_path / "project")
    document, makefile = tmp_path / "document.json", tmp_path / "f07.mk"
    document.write_text(json.dumps({"counts": {"windows": 7}, "seconds": {"start": 2.5}}))
    makefile.write_text(MAKEFILE.format(document=document, metadata=project.variant(VARIANT).metadata))
    monkeypatch.setattr(whole, "MAKEFILE", makefile)
    return project


def test_a_run_is_timed_from_make_to_its_exit_and_its_stages_are_those_of_the_metadata(project: Project) -> None:
    done = whole.run(project, "off")
    assert (done.windows, done.stages) == (7, {"start": 2.5})
    assert done.seconds > 0.6
    assert yaml.safe_load(project.variant(VARIANT).params.read_text())["equivalence"] == "off"


def test_the_memory_is_that_of_the_moment_with_the_most(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = iter([{"pytest": 5.0, "server": 5.0}, {"pytest": 9.0, "server": 3.0}])
    monkeypatch.setattr(whole, "PSS_SAMPLE_S", 0.2)
    monkeypatch.setattr(whole, "sample_pss", lambda _: next(samples, {"pytest": 1.0}))
    assert whole.peak_pss(project) == {"pytest": 9.0, "server": 3.0}


def test_a_run_that_is_not_complete_shows_what_it_printed(project: Project) -> None:
    whole.MAKEFILE.write_text("script7-run: ; @echo the port is taken; false\n")
    with pytest.raises(SystemExit, match="the port is taken"):
        whole.run(project)
