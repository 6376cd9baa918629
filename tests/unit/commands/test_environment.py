"""tools/environment.sh: a half-made environment is made again, and a Python that does not serve is told as what it is.

Every Python is a stand-in: its venv writes another stand-in, whose pip writes down what it was asked for.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import IO

import pytest

from conftest import REPOSITORY

# What the environment's Python does: lib is where its packages are, "whole" that they are all there.
INSIDE = """\
#!/bin/sh
folder=$(dirname "$0")/..
case "$*" in
  *missing_packages*) [ -e "$folder/lib/whole" ] ;;
  *"import pip"*) [ -e "$folder/lib/pip" ] ;;
  *"pip install"*) echo "$*" >>asked; [ ! -e interrupt ] || exit 130; touch "$folder/lib/whole" ;;
esac
"""
GOOD = f"""\
#!/bin/sh
case "$*" in
  *"-m venv --clear"*)
    rm -rf "$4"; mkdir -p "$4/bin" "$4/lib"; touch "$4/lib/pip"; basename "$0" >>makers
    cat >"$4/bin/python" <<'END'
{INSIDE}END
    chmod +x "$4/bin/python" ;;
esac
"""
SHIM = "#!/bin/sh\necho 'pyenv: python3.11: command not found' >&2\necho 'Note: see pyenv help' >&2\nexit 127\n"
OLD = "#!/bin/sh\necho 'is Python 3.9; 3.11 or later is needed, up to 3.13' >&2\nexit 1\n"
NO_VENV = """#!/bin/sh
printf 'Traceback (most recent call last):\\n  line 1\\nModuleNotFoundError: No module named ensurepip\\n' >&2
exit 1
"""


@dataclass
class Clone:
    """A clone with its Makefile, in which only the given Pythons are installed."""

    root: Path

    def install(self, name: str, text: str) -> None:
        path = self.root / "bin" / name
        path.write_text(text)
        path.chmod(0o755)

    def make(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return self.make_into(subprocess.PIPE, *arguments, **variables)

    def make_into(self, stdout: int | IO[bytes], *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": str(self.root / "bin"), "LC_ALL": "C", **variables}
        command = [str(self.root / "bin" / "make"), "list7", *arguments]
        return subprocess.run(
            command, cwd=self.root, env=environment, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False
        )

    def lines(self, name: str) -> list[str]:
        path = self.root / name
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    (tmp_path / "bin").mkdir()
    for name in ("make", "sh", "dirname", "basename", "tr", "head", "tail", "mkdir", "rm", "cat", "chmod", "touch"):
        program = shutil.which(name, path=os.defpath)
        assert program is not None
        (tmp_path / "bin" / name).symlink_to(program)
    f07_mk = next((REPOSITORY / "pytest_f07").rglob("f07.mk")).relative_to(REPOSITORY)
    for path in ("Makefile", f07_mk, "tools/environment.sh", "pyproject.toml"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / path, tmp_path / path)
    return Clone(tmp_path)


# which Pythons are installed, make's arguments, what the shell exports; which makes the environment, what is told
CHOICES = {
    "the first": ({"python3.11": GOOD, "python3.12": GOOD}, [], {}, "python3.11", []),
    "the next": ({"python3": GOOD}, [], {}, "python3", []),
    "a shim that refuses": (
        {"python3.11": SHIM, "python3.12": GOOD},
        [],
        {},
        "python3.12",
        ["python3.11 does not run: pyenv: python3.11: command not found (exit 127); the next is tried."],
    ),
    "without venv": (
        {"python3.11": NO_VENV, "python3.13": GOOD},
        [],
        {},
        "python3.13",
        ["python3.11 does not run: ModuleNotFoundError: No module named ensurepip; the next is tried."],
    ),
    "too old": (
        {"python3": OLD, "python": GOOD},
        [],
        {},
        "python",
        ["python3 is Python 3.9; 3.11 or later is needed, up to 3.13; the next is tried."],
    ),
    "the named": ({"python3.11": GOOD, "python3.12": GOOD}, ["PYTHON=python3.12"], {}, "python3.12", []),
    "the exported": ({"python3.11": GOOD, "python3.12": GOOD}, [], {"PYTHON": "python3.12"}, "python3.12", []),
    "the exported is not there": (
        {"python3.11": GOOD},
        [],
        {"PYTHON": "python9"},
        "python3.11",
        ["python9 is not installed; the next is tried."],
    ),
    "the named is not there": (
        {"python3.11": GOOD},
        ["PYTHON=python9"],
        {},
        None,
        ["ERROR: PYTHON=python9 is not installed. Name another, or leave PYTHON= out."],
    ),
    "the named refuses": (
        {"python3.11": SHIM, "python3.12": GOOD},
        ["PYTHON=python3.11"],
        {},
        None,
        [
            "ERROR: PYTHON=python3.11 does not run: pyenv: python3.11: command not found (exit 127). Name another, or "
            "leave PYTHON= out."
        ],
    ),
    "none": (
        {"python3": OLD},
        [],
        {},
        None,
        [
            "python3 is Python 3.9; 3.11 or later is needed, up to 3.13; the next is tried.",
            "ERROR: no Python from 3.11 to 3.13 is installed that can make .venv; install one, or name it: PYTHON=…",
        ],
    ),
}


@pytest.mark.parametrize("case", CHOICES)
def test_the_first_python_that_serves_makes_the_environment(clone: Clone, case: str) -> None:
    pythons, arguments, variables, maker, messages = CHOICES[case]
    for name, text in pythons.items():
        clone.install(name, text)
    done = clone.make(*arguments, **variables)
    assert [line for line in done.stderr.splitlines() if not line.startswith("make: ***")] == messages
    assert (done.returncode == 0) == (maker is not None)
    assert clone.lines("makers") == ([maker] if maker else [])
    assert (clone.root / ".venv").exists() == (maker is not None)


def interrupt_venv(clone: Clone) -> None:
    for name in ("lib/pip", "lib/whole", ".run"):
        (clone.root / ".venv" / name).unlink()


def break_link(clone: Clone) -> None:
    python = clone.root / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/no/such/python3.11")


# what is wrong with an environment, and whether it is made from nothing again
DAMAGES = {
    "its Python is gone": (break_link, True),
    "its Python was upgraded": (lambda clone: shutil.rmtree(clone.root / ".venv" / "lib"), True),
    "venv was interrupted": (interrupt_venv, True),
    "only the folder is there": (lambda clone: shutil.rmtree(clone.root / ".venv" / "bin"), True),
    "pip was interrupted": (lambda clone: (clone.root / ".venv" / ".run").unlink(), False),
    "packages are missing": (lambda clone: (clone.root / ".venv" / "lib" / "whole").unlink(), False),
    "pyproject.toml is newer": (lambda clone: os.utime(clone.root / "pyproject.toml", (2**31, 2**31)), False),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_half_made_environment_repairs_itself(clone: Clone, damage: str) -> None:
    clone.install("python3.11", GOOD)
    assert clone.make().returncode == 0
    done = clone.make()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")  # what is whole is left alone
    [asked] = clone.lines("asked")
    break_it, from_nothing = DAMAGES[damage]
    break_it(clone)
    done = clone.make()
    assert done.returncode == 0, done.stderr
    assert clone.lines("asked") == [asked, asked]
    assert len(clone.lines("makers")) == 1 + from_nothing
    assert ("is made again" in done.stderr) == from_nothing


def test_an_interrupted_installation_goes_on_at_the_next_call(clone: Clone) -> None:
    clone.install("python3.11", GOOD)
    (clone.root / "interrupt").touch()
    assert clone.make().returncode == 2
    (clone.root / "interrupt").unlink()
    assert clone.make().returncode == 0
    assert len(clone.lines("asked")) == 2
    assert clone.lines("makers") == ["python3.11"]


@pytest.mark.parametrize(("status", "asks_pip"), [(0, False), (2, True)])
def test_uv_installs_where_it_is_there_and_pip_where_it_fails(clone: Clone, status: int, asks_pip: bool) -> None:
    clone.install("python3.11", GOOD)
    clone.install("uv", f'#!/bin/sh\necho "$*" >>asked_uv\n[ {status} != 0 ] || touch .venv/lib/whole\nexit {status}\n')
    done = clone.make()
    assert done.returncode == 0, done.stderr
    assert clone.lines("asked_uv") == ["pip install --quiet --python .venv/bin/python -e .[waitress,dask]"]
    assert len(clone.lines("asked")) == asks_pip


def test_a_terminal_sees_that_the_installation_goes_on(clone: Clone) -> None:
    clone.install("python3.11", GOOD)
    controller, terminal = os.openpty()
    with os.fdopen(controller, "rb"), os.fdopen(terminal, "wb") as output:
        assert clone.make_into(output).returncode == 0
    [asked] = clone.lines("asked")
    assert "--quiet" not in asked


def test_missing_packages_are_those_of_the_extras_and_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(REPOSITORY / "tools"))
    import missing_packages

    required = ["flask>=3.0", 'dvc>=3.50; extra == "dvc"', 'waitress; extra == "notebook"']
    monkeypatch.setattr(missing_packages, "requires", lambda name: required)
    installed = {"pip", "pytest-f07"}

    def distribution(name: str) -> None:
        if name not in installed:
            raise PackageNotFoundError(name)

    monkeypatch.setattr(missing_packages, "distribution", distribution)
    assert missing_packages.list_missing({"waitress"}, {"none"}) == ["flask"]
    assert missing_packages.list_missing({"dvc"}, {"proof"}) == ["flask", "dvc", "cosmic-ray", "schemathesis"]
    installed |= {"flask", "dvc"}
    assert missing_packages.list_missing({"dvc"}, {"none"}) == []
