"""A run that died goes on where it was, and writes the bytes of an undisturbed one."""

from __future__ import annotations

import json
import re
import shutil
import signal
from pathlib import Path

import pytest

from conftest import REPOSITORY, Checkout, F07Project
from tests.integration.test_deaths import PATIENCE, free_port, stalled, started, wait_for
from tests.metadata_schema import schema_errors

# Shards of a few batches, in place of four million predictions.
SMALL_SHARDS = """
import functools
import pytest_f07.run.execute as execute
execute.cut_shards = functools.partial(execute.cut_shards, predictions=1500)
"""
FULL_DISK = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
DIES_AT_THE_END = """
def write_metrics(*arguments):
    raise OSError("planted")
execute.write_metrics = write_metrics
"""


def stub(project: F07Project | Checkout, fault: str = "none", more: str = "") -> None:
    """Let the stub answer, with small shards."""
    project.stub(fault)
    conftest = project.root / "conftest.py"
    conftest.write_text(conftest.read_text() + SMALL_SHARDS + more)


def records(project: F07Project) -> list[Path]:
    """The records of the finished parts."""
    return sorted((project.variant / "runtime" / "parts").glob("*.json"))


@pytest.fixture
def project(f07_finished: F07Project) -> F07Project:
    """A project with the stub's run in one shard, which nothing disturbed."""
    return f07_finished


def resume(project: F07Project) -> list[str]:
    """Resume with small shards, and return the lines that say so; the bytes are those of the undisturbed run."""
    undisturbed = (project.root / "undisturbed").read_text()
    stub(project)
    result = project.run("--f07-resume")
    assert result.ret == 0
    assert digests(project) == undisturbed
    assert not (project.variant / "runtime" / "parts").exists()
    return [line for line in result.outlines if line.startswith("f07: resumed: ")]


def digests(project: F07Project) -> str:
    """The sha256 of all that two runs make alike."""
    from hashlib import sha256

    return "\n".join(f"{name} {sha256(content).hexdigest()}" for name, content in project.artefacts().items())


@pytest.fixture(scope="module")
def dead(finished: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of v701, whose second run's server died after some parts."""
    checkout = Checkout(Path(shutil.copytree(finished.root, tmp_path_factory.mktemp("dead") / "plant")))
    stub(checkout, "dies-late")
    assert checkout.run().returncode == 1
    return checkout.variant


@pytest.fixture
def died(project: F07Project, dead: Path) -> F07Project:
    """A project with that run."""
    note_undisturbed(project)
    shutil.rmtree(project.variant)
    shutil.copytree(dead, project.variant)
    assert records(project)
    return project


def note_undisturbed(project: F07Project) -> None:
    (project.root / "undisturbed").write_text(digests(project))


def test_a_run_in_many_parts_writes_the_same_bytes_and_leaves_no_part(project: F07Project) -> None:
    note_undisturbed(project)
    stub(project)
    assert project.run().ret == 0
    assert digests(project) == (project.root / "undisturbed").read_text()
    assert not (project.variant / "runtime" / "parts").exists()
    assert "resumed" not in project.metadata


def test_a_run_whose_server_died_is_resumed(died: F07Project) -> None:
    left = len(records(died))
    lines = resume(died)
    assert schema_errors(died.metadata) == []
    resumed = died.metadata["resumed"]
    assert lines == [f"f07: resumed: {left} of {resumed['parts']} parts taken from the run before"]
    assert resumed == {"parts": resumed["parts"], "taken": left, "refused": []}
    assert left < resumed["parts"]


def test_without_the_option_a_run_begins_clean(died: F07Project) -> None:
    stub(died)
    result = died.run()
    assert result.ret == 0
    assert digests(died) == (died.root / "undisturbed").read_text()
    assert "resumed" not in str(result.stdout)
    assert not (died.variant / "runtime" / "parts").exists()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_session_is_resumed(project: F07Project, number: signal.Signals) -> None:
    note_undisturbed(project)
    stub(project, "stalls")
    with started(project, free_port()) as session:
        wait_for(lambda: stalled(project) and bool(records(project)), "the stall, and the part before it")
        session.send_signal(number)
        session.wait(PATIENCE)
    left = len(records(project))
    project.set_params()  # another port, and the deadline that was too short
    [line] = resume(project)
    assert line.startswith(f"f07: resumed: {left} of ")


def test_a_run_on_a_full_disk_is_resumed(project: F07Project) -> None:
    note_undisturbed(project)
    stub(project, more=FULL_DISK)
    result = project.run()
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*File too large*"])
    left = len(records(project))
    assert left
    [line] = resume(project)
    assert line.startswith(f"f07: resumed: {left} of ")


def test_a_run_that_died_after_its_replay_has_nothing_to_replay(project: F07Project) -> None:
    note_undisturbed(project)
    stub(project, more=DIES_AT_THE_END)
    assert project.run().ret == 1
    left = len(records(project))
    assert resume(project) == [f"f07: resumed: {left} of {left} parts taken from the run before"]
    assert project.metadata["throughput"]["requests"] == 0


def test_an_altered_part_and_one_of_another_run_are_replayed(died: F07Project) -> None:
    first, second, *others = records(died)
    part = first.with_suffix(".parquet")
    content = bytearray(part.read_bytes())
    content[len(content) // 2] ^= 1
    part.write_bytes(content)
    record = json.loads(second.read_text())
    second.write_text(json.dumps({**record, "params": {**record["params"], "batch_size": 7}}))
    [line, *refused] = resume(died)
    assert line.startswith(f"f07: resumed: {len(others)} of ")
    assert refused == [
        "f07: resumed: part-00000.parquet of the earlier run is replayed: its bytes are not those of its record",
        "f07: resumed: part-00001.parquet of the earlier run is replayed: params.batch_size was 7, and is 256",
    ]


# what has changed since the run that died: parameters, variables, lines of conftest.py; what is said of its parts
CHANGES: dict[str, tuple[dict[str, object], dict[str, str], str, str]] = {
    "a parameter": ({"batch_size": 100}, {}, "", "params.batch_size was 256, and is 100"),
    "the processor": ({}, {"F07_STUB_PROCESSOR": "other"}, "", "server.processor.model was stub, and is other"),
    "our version": (
        {},
        {},
        "import pytest_f07\npytest_f07.__version__ = '9.9'\n",
        "versions.pytest-f07 was *, and is 9.9",
    ),
}


@pytest.mark.parametrize(("params", "variables", "lines", "told"), CHANGES.values(), ids=CHANGES)
def test_parts_of_another_run_are_replayed_and_what_is_another_is_named_once(
    died: F07Project,
    monkeypatch: pytest.MonkeyPatch,
    params: dict[str, object],
    variables: dict[str, str],
    lines: str,
    told: str,
) -> None:
    left = len(records(died))
    died.set_params(**params)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    stub(died, more=lines)
    result = died.run("--f07-resume")
    assert result.ret == 0
    others = f"part-00000.parquet and {left - 1} more part* of the earlier run are"
    result.stdout.fnmatch_lines(
        ["f07: resumed: 0 of * taken from the run before", f"f07: resumed: {others} replayed: {told}"], consecutive=True
    )
    assert digests(died) == (died.root / "undisturbed").read_text()


def test_where_nothing_is_left_all_is_replayed(project: F07Project) -> None:
    note_undisturbed(project)
    assert resume(project) == ["f07: resumed: an earlier run has left no finished part; all was replayed"]


def test_a_server_that_is_already_there_cannot_be_resumed_with(f07_project: F07Project) -> None:
    f07_project.assert_refused(
        r"a run is asked to resume with the server at http://127.0.0.1:1: nobody can tell .* Leave --f07-resume "
        r"\(RESUME\) out\.",
        "--f07-resume",
        "--f07-server-url=http://127.0.0.1:1",
        "--f07-protocol=f07",
    )


def test_the_page_shows_what_the_terminal_says(died: F07Project) -> None:
    page = (REPOSITORY / "docs" / "resume.md").read_text(encoding="utf-8")
    shown = re.findall(r"^f07: resumed: \d.*|^f07: resumed: part-.*", page, re.MULTILINE)
    assert len(shown) == 2
    records(died)[0].with_suffix(".parquet").write_bytes(b"")
    for line, told in zip(shown, resume(died), strict=True):
        assert re.sub(r"\d+", "N", line) == re.sub(r"\d+", "N", told)
