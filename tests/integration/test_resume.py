"""A run that died goes on where it was, and writes the bytes of an undisturbed one."""

from __future__ import annotations

import pytest

from conftest import F07Project

PATIENCE = 60
# Shards of a few batches, in place of four million predictions.
SMALL_SHARDS = """
import functools
import pytest_f07.run.execute as execute
execute.cut_shards = functools.partial(execute.cut_shards, predictions=1500)
"""


def stub(project: F07Project, fault: str = "none") -> None:
    """Let the stub answer, with small shards."""
    project.stub(fault)
    conftest = project.root / "conftest.py"
    conftest.write_text(conftest.read_text() + SMALL_SHARDS)


def parts(project: F07Project) -> list[str]:
    """The names of the parts that have a record."""
    folder = project.variant / "runtime" / "parts"
    return sorted(record.with_suffix(".parquet").name for record in folder.glob("*.json"))


@pytest.fixture
def undisturbed(f07_project: F07Project) -> dict[str, bytes]:
    """What a run in one shard writes, which nothing disturbs."""
    f07_project.stub()
    assert f07_project.run().ret == 0
    return f07_project.artefacts()


def test_a_run_in_many_parts_writes_the_same_bytes(f07_project: F07Project, undisturbed: dict[str, bytes]) -> None:
    stub(f07_project)
    assert f07_project.run().ret == 0
    assert f07_project.artefacts() == undisturbed
    assert not (f07_project.variant / "runtime" / "parts").exists()
    assert "resumed" not in f07_project.metadata


def test_a_run_whose_server_died_is_resumed(f07_project: F07Project, undisturbed: dict[str, bytes]) -> None:
    stub(f07_project, "dies-late")
    assert f07_project.run().ret == 1
    left = parts(f07_project)
    assert left
    stub(f07_project)
    result = f07_project.run("--f07-resume")
    assert result.ret == 0
    assert f07_project.artefacts() == undisturbed
    resumed = f07_project.metadata["resumed"]
    assert resumed["taken"] == len(left) < resumed["parts"]
    result.stdout.fnmatch_lines([f"f07: resumed: {len(left)} of {resumed['parts']} parts taken from the run before"])
    assert not (f07_project.variant / "runtime" / "parts").exists()
