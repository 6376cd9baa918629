"""How Python is started: the project's own files stand for no module of Python's or of a package's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import shadow_modules
from pytest_f07.variant.interpreter import child_environment, import_project_last, python_command
from tests.unit.small_package import make_package

COMMANDS = {
    "variant7": ("--variant=v702", "--parent=v601"),
    "check7": ("--parent=v601",),
    "list7": (),
    "makefile": (),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_imports_nothing_of_the_folder_it_is_given_in(tmp_path: Path, command: str) -> None:
    make_package(tmp_path)
    shadow_modules(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "pytest_f07", command, *COMMANDS[command]],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_child_imports_nothing_of_the_folder_it_starts_in_but_what_pythonpath_names(tmp_path: Path) -> None:
    shadow_modules(tmp_path)
    (tmp_path / "named").mkdir()
    (tmp_path / "named" / "of_the_user.py").write_text("import queue, secrets; print('imported')\n")
    environment = {**child_environment(), "PYTHONPATH": str(tmp_path / "named")}
    done = subprocess.run(
        python_command("of_the_user"), cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "imported\n", "")


def test_a_childs_warnings_are_no_errors_and_its_log_is_utf_8(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    monkeypatch.setenv("PYTHONIOENCODING", "latin-1")
    script = "import warnings; warnings.warn('old'); print('電池')"
    done = subprocess.run([sys.executable, "-c", script], env=child_environment(), capture_output=True, check=False)
    assert (done.returncode, done.stdout.decode("utf-8")) == (0, "電池\n")


def test_the_projects_folders_are_imported_from_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named, conftests = tmp_path / "src", tmp_path / "executions"
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(named), ""]))
    elsewhere = [str(tmp_path.parent / "site-packages"), *sys.path]
    monkeypatch.setattr(sys, "path", [str(conftests), str(named), str(tmp_path), *elsewhere])
    import_project_last(tmp_path)
    assert sys.path == [str(named), *elsewhere, str(conftests), str(tmp_path)]


def test_an_environment_inside_the_project_stays_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packages = str(tmp_path / ".venv" / "lib" / "site-packages")
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))
    monkeypatch.setattr(sys, "path", [str(tmp_path), packages])
    import_project_last(tmp_path)
    assert sys.path == [packages, str(tmp_path)]


WINDOWS = "import sys, runpy; sys.modules['fcntl'] = None; runpy.run_module(sys.argv.pop(1), run_name='__main__')"


@pytest.mark.parametrize(
    ("arguments", "status"), [(("pytest_f07", "list7"), 2), (("pytest", "--f07-variant=v701", "-p", "no:xdist"), 4)]
)
def test_a_system_that_is_not_posix_is_told_in_one_line(
    tmp_path: Path, arguments: tuple[str, ...], status: int
) -> None:
    """Without fcntl, as on Windows."""
    make_package(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", WINDOWS, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == status, done.stderr
    [line] = done.stderr.split("\n\n")[0].splitlines()
    assert line.startswith("ERROR: pytest-f07 needs a POSIX system, Linux or macOS, and this is ")


ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.parametrize("locale", [ASCII, {**ASCII, "PYTHONIOENCODING": "latin-1"}, {"PYTHONWARNINGS": "error"}])
@pytest.mark.parametrize("folder", ["plant", "plañta"])
def test_any_locale_is_an_answer_or_one_line(tmp_path: Path, folder: str, locale: dict[str, str]) -> None:
    make_package(tmp_path / folder)
    done = subprocess.run(
        [sys.executable, "-m", "pytest_f07", "check7", "--parent=v601"],
        cwd=tmp_path / folder,
        env={**os.environ, **locale},
        capture_output=True,
        check=False,
    )
    if folder == "plant" or "PYTHONUTF8" not in locale:
        assert (done.returncode, done.stderr) == (0, b"")
    else:
        assert done.returncode == 2
        assert done.stderr.startswith(b"ERROR: the project's folder is '")
        assert done.stderr.endswith(b", and file names are in ascii here. Set PYTHONUTF8=1 and try again.\n")
