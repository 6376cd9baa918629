"""The command as a user meets it: its help, its usage errors, and no traceback, whatever a name holds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import REPOSITORY
from pytest_f07.commands import cli
from pytest_f07.commands.check import Finding
from pytest_f07.commands.cli import main
from pytest_f07.errors import F07Error
from tests.unit.small_package import make_package, tree


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    return subprocess.run(
        [sys.executable, "-m", "pytest_f07", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_module_is_the_command(tmp_path: Path) -> None:
    make_package(tmp_path)
    done = command(tmp_path, "variant7", "--variant=v701", "--parent=v601", "--port=0")
    assert (done.returncode, done.stderr) == (0, "")
    again = command(tmp_path, "variant7", "--variant=v701", "--parent=v601")
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr == ("ERROR: VARIANT=v701 is taken: executions/07_deployrun/v701 exists. Choose another name.\n")


FULL = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
from pytest_f07.commands import cli
from pytest_f07.commands.check import Finding
from pytest_f07.commands.cli import main
sys.exit(main(["variant7", "--variant=v701", "--parent=v601"]))
"""


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    """A limit on the size of a file stands for it: both errors name no file."""
    make_package(tmp_path)
    before = tree(tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        [sys.executable, "-c", FULL], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "ERROR: File too large.\n")
    (tmp_path / "executions" / "07_deployrun").rmdir()
    assert tree(tmp_path) == before


def test_a_folder_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    make_package(tmp_path)
    (tmp_path / "executions" / "07_deployrun").write_text("a file, and no folder")
    done = command(tmp_path, "variant7", "--variant=v701", "--parent=v601")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"ERROR: {tmp_path / 'executions' / '07_deployrun'}: File exists.\n"


USAGE = {
    (): "the following arguments are required: COMMAND",
    ("variant8",): "*invalid choice: 'variant8'*",
    ("variant7",): "the following arguments are required: --variant, --parent",
    ("variant7", "--variant", "v701"): "the following arguments are required: --parent",
    ("variant7", "--variant", "v701", "--parent", "v601", "--ports", "1"): "unrecognized arguments: --ports 1",
}


@pytest.mark.parametrize(("arguments", "message"), USAGE.items(), ids=[" ".join(one) or "none" for one in USAGE])
def test_a_wrong_command_line_is_a_usage_error(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert message.strip("*") in capsys.readouterr().err.splitlines()[-1]


def test_help_names_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    assert "variant7" in capsys.readouterr().out


STATUS = {
    "good": (Finding("sealed", "as sealed"), 0, []),
    "the package is wrong": (Finding("sealed", wrong="a has changed"), 1, []),
    "the run is wrong": (Finding("unaltered", wrong="a"), 1, ["run it again: make script7-run VARIANT=v701"]),
    "what to do is said": (Finding("complete", wrong="Run it: make script7-run VARIANT=v701"), 1, []),
    "not looked at": (Finding("sealed", unknown="no seal"), 1, []),
}


@pytest.mark.parametrize(("finding", "status", "hint"), STATUS.values(), ids=STATUS)
def test_check7_ends_well_only_where_all_was_looked_at_and_is_good(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    finding: Finding,
    status: int,
    hint: list[str],
) -> None:
    findings = [Finding("complete", "3 models"), finding]
    monkeypatch.setattr(cli, "check_run", lambda project, variant: findings)
    (tmp_path / "executions").mkdir()
    monkeypatch.chdir(tmp_path)
    assert main(["check7", "--variant=v701"]) == status
    assert capsys.readouterr().out.splitlines() == [*(shown.line() for shown in findings), *hint]


PUBLISH: dict[tuple[str, ...], tuple[bool, str | None]] = {
    (): (False, None),
    ("--allow-failed",): (True, None),
    ("--remote=fork",): (False, "fork"),
}


@pytest.mark.parametrize(
    ("options", "values"), PUBLISH.items(), ids=[" ".join(options) or "none" for options in PUBLISH]
)
def test_the_options_of_publish7_reach_it_and_its_lines_the_terminal(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    values: tuple[bool, str | None],
) -> None:
    monkeypatch.setattr(cli, "publish", lambda project, *arguments: [f"called with {arguments}"])
    (tmp_path / "executions").mkdir()
    monkeypatch.chdir(tmp_path)
    assert main(["publish7", "--variant=v701", *options]) == 0
    assert capsys.readouterr().out == f"called with {('v701', *values)}\n"


def test_an_error_is_one_line_whatever_a_name_holds() -> None:
    assert str(F07Error("a\nb\r\x1b[31m\x00é\u2028")) == r"a\nb\r\x1b[31m\x00é\u2028"
