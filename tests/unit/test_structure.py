"""What holds the structure: short modules, a test file for each, a bare top level, a table of packages that is true."""

from __future__ import annotations

import re
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
PACKAGE = REPOSITORY / "pytest_f07"
MODULES = {path.relative_to(PACKAGE).as_posix(): path for path in sorted(PACKAGE.rglob("*.py"))}
MOST_LINES = 250
TOP = {"__init__.py", "__main__.py", "errors.py", "py.typed", "vectorize.py", "windows.py", "wire.py"}


def test_each_module_is_short() -> None:
    lengths = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in MODULES.items()}
    assert {name: length for name, length in lengths.items() if length >= MOST_LINES} == {}


def test_each_module_has_a_test_file_of_its_own_name() -> None:
    modules = {name for name in MODULES if not Path(name).name.startswith("__")}
    tests = REPOSITORY / "tests" / "unit"
    assert {
        name for name in modules if not (tests / Path(name).with_name(f"test_{Path(name).name}")).is_file()
    } == set()


def test_the_top_level_holds_only_what_packages_share() -> None:
    assert {path.name for path in PACKAGE.iterdir() if path.is_file()} == TOP


def test_the_table_of_packages_is_the_tree() -> None:
    text = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert set(re.findall(r"^\| `(\w+)/` \|", text, re.MULTILINE)) == packages
