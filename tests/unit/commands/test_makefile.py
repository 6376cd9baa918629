"""What a user of make meets before Python does: missing and idle names, whose HOST counts, values no shell may run.

The Makefile runs beside a stand-in for the environment's Python that writes its arguments down, a line each.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from conftest import REPOSITORY
from tests.unit.commands.make_runner import make, told
from tests.unit.small_package import make_package, tree

DECLARE = ["variant7", "VARIANT=v702", "PARENT=v601"]
F07_MK = next((REPOSITORY / "pytest_f07").rglob("f07.mk")).relative_to(REPOSITORY)
TOLD = ["-m", "pytest_f07", "variant7", "--variant", "v702", "--parent", "v601"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkout whose environment is there, newer than pyproject.toml."""
    shutil.copy(REPOSITORY / "Makefile", tmp_path)
    for path in (F07_MK, "tools/environment.sh", "pyproject.toml"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / path, tmp_path / path)
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\n[ "$1" = tools/missing_packages.py ] || printf "%s\\n" "$@" >told\n')
    python.chmod(0o755)
    for stamp in (".run", ".test", ".lint", ".dvc", ".notebook"):
        (tmp_path / ".venv" / stamp).touch()
    return tmp_path


MISSING = {
    ("variant7", "PARENT=v601"): "VARIANT is missing: make variant7 VARIANT=v702 PARENT=v601",
    ("variant7", "VARIANT=v702"): "PARENT is missing: make variant7 VARIANT=v702 PARENT=v601",
    ("variant7", "VARIANT=", "PARENT=v601"): "VARIANT is missing: make variant7 VARIANT=v702 PARENT=v601",
    ("script7-run",): "VARIANT is missing: make script7-run VARIANT=v701",
}


@pytest.mark.parametrize(("arguments", "message"), MISSING.items(), ids=[" ".join(one) for one in MISSING])
def test_a_missing_name_is_asked_for_and_nothing_runs(folder: Path, arguments: tuple[str, ...], message: str) -> None:
    done = make(folder, *arguments)
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert line.endswith(f"*** {message}.  Stop.")
    assert not (folder / "told").exists()


IDLE = {
    ("script7-run", "BATCH_SIZE=2"): "BATCH_SIZE has no meaning for make script7-run: leave it out",
    ("script7-run", "PORT="): "PORT has no meaning for make script7-run: leave it out",
    ("nb7-run", "PROTOCOL=f07"): "PROTOCOL has no meaning for make nb7-run: leave it out",
    ("nb7-run", "CHECKS=tests/f07"): "CHECKS has no meaning for make nb7-run: leave it out",
    ("check7", "ALLOW_FAILED=1"): "ALLOW_FAILED has no meaning for make check7: leave it out",
    ("remove7", "PARENT=v601"): "PARENT has no meaning for make remove7: leave it out",
    ("check7", "script7-run", "HOST=h"): "HOST has no meaning for make check7 script7-run: leave it out",
}


@pytest.mark.parametrize(("arguments", "message"), IDLE.items(), ids=[" ".join(one) for one in IDLE])
def test_a_name_without_meaning_is_refused_and_nothing_runs(
    folder: Path, arguments: tuple[str, ...], message: str
) -> None:
    done = make(folder, *arguments, "VARIANT=v701")
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert line.endswith(f"*** {message}.  Stop.")
    assert not (folder / "told").exists()
    # what only the shell sets is no mistake
    name, _, value = arguments[-1].partition("=")
    assert make(folder, *arguments[:-1], "VARIANT=v701", **{name: value}).returncode == 0


def test_help_shows_the_users_targets_first_under_headings_and_runs_nothing(folder: Path) -> None:
    text = make(folder).stdout
    assert text == make(folder, "help7").stdout == make(folder, "help").stdout
    places = [text.index(f"make {target}") for target in ("variant7 ", "script7-run ", "list7 ", "publish7 ", "test ")]
    assert places == sorted(places)
    headings = [line for line in text.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert headings[0].startswith("Declare a variant")
    assert headings[-1] == "For work on pytest-f07 itself:"
    assert max(map(len, text.splitlines())) <= 80
    assert not (folder / "told").exists()


def test_what_the_shell_calls_venv_moves_nothing(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    for arguments in ((), ("-e",)):
        done = make(folder, *arguments, *DECLARE, VENV=str(other), PINS=str(other), RUN="false")
        assert done.returncode == 0, done.stderr
        assert told(folder) == TOLD
        assert not other.exists()
    assert str(other) not in make(folder, "-n", "-e", "clean", VENV=str(other), PINS=str(other)).stdout


def test_from_another_folder_it_says_where_to_go(folder: Path) -> None:
    elsewhere = folder / "executions"
    elsewhere.mkdir()
    done = make(elsewhere, "-f", "../Makefile", "list7")
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert line.endswith("*** this is not the folder of the Makefile: cd ../.  Stop.")


def test_what_the_shell_sets_does_not_count(folder: Path) -> None:
    make(folder, *DECLARE, HOST="x86_64-linux-gnu", PORT="1", BATCH_SIZE="2")
    assert told(folder) == TOLD
    make(folder, "-e", *DECLARE, HOST="x86_64-linux-gnu")
    assert told(folder) == TOLD


def test_what_the_command_line_sets_counts(folder: Path) -> None:
    make(folder, *DECLARE, "HOST=0.0.0.0", HOST="x86_64-linux-gnu")
    assert told(folder) == [*TOLD, "--host=0.0.0.0"]
    make(folder, *DECLARE, "BATCH_SIZE=64", "PORT=")
    assert told(folder) == [*TOLD, "--batch-size=64", "--port="]
    make(folder, *DECLARE, "URL=http://h:1/{name}", "PROTOCOL=mlflow", URL="http://shell")
    assert told(folder) == [*TOLD, "--url=http://h:1/{name}", "--protocol=mlflow"]
    make(folder, "script7-run", "VARIANT=v701", "URL=http://h:1", "PROTOCOL=mlflow")
    assert told(folder)[-4:-2] == ["--f07-server-url=http://h:1", "--f07-protocol=mlflow"]
    # A word of its own, this would be a file of arguments to pytest, and "-x" an option.
    make(folder, "script7-run", "VARIANT=v701", "COMPARE=@HEAD")
    assert told(folder)[-3] == "--f07-compare=@HEAD"


HOSTILE = [
    "'; touch ran; '",
    "$(touch ran)",
    "$(shell touch ran)",
    "`touch ran`",
    "; touch ran",
    '" & touch ran "',
    "#",
    "$$(touch ran)",
    "$HOME",
    "a b",
    "\\",
    "*",
]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_reaches_the_command_as_it_is_and_nothing_in_it_runs(folder: Path, value: str) -> None:
    make(folder, "variant7", f"VARIANT={value}", f"PARENT={value}", f"HOST={value}")
    assert told(folder) == ["-m", "pytest_f07", "variant7", "--variant", value, "--parent", value, f"--host={value}"]
    make(folder, "script7-run", VARIANT=value)
    assert told(folder) == ["-P", "-m", "pytest", f"--f07-variant={value}", "-W", "default"]
    assert not (folder / "ran").exists()


@pytest.mark.parametrize("value", ["v701\ntouch ran", "v701'\ntouch ran\n'", "v701 \\\ntouch ran"])
def test_a_line_break_starts_no_second_command(folder: Path, value: str) -> None:
    make(folder, "variant7", f"VARIANT={value}", "PARENT=v601")
    assert not (folder / "ran").exists()


def test_a_mistake_is_one_line_of_ours_and_makes_own(folder: Path) -> None:
    """The command itself, behind the stand-in's place; nothing else, above all no pip, reaches the real Python."""
    python = folder / ".venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\n[ "$2" != pytest_f07 ] || exec "{sys.executable}" "$@"\n')
    make_package(folder)
    before = tree(folder)
    environment = {"PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1"}
    done = make(folder, "variant7", "VARIANT=<b>'$(x)", "PARENT=v601", **environment)
    assert done.returncode == 2
    ours, makes = done.stderr.splitlines()
    assert ours == """ERROR: VARIANT is "<b>'$(x)"; it must be 'v' and at least three digits, like v701."""
    assert makes.startswith("make: *** ")
    assert tree(folder) == before
    assert make(folder, *DECLARE, "PORT=0", HOST="x86_64-linux-gnu", **environment).returncode == 0
    assert "host: 127.0.0.1" in (folder / "executions" / "07_deployrun" / "v702" / "params.yaml").read_text()
