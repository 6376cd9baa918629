"""Which paths may hold own checks, and what each mistake is told."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_f07.errors import F07Error
from pytest_f07.variant.check_paths import digest_checks, find_check_paths
from pytest_f07.variant.paths import Project
from pytest_f07.variant.seal import digest


@pytest.fixture
def project(tmp_path: Path) -> Project:
    root = tmp_path / "plant"
    for name in ("tests/f07/test_a.py", "tests/f07/more/test_b.py", "executions/06_packaging/v601/test_c.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"# {name}")
    (root / "tests/f07/limits.yaml").write_text("x: 1")
    (root / "notes").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "test_d.py").write_text("")
    return Project(root)


def find(project: Project, *names: str, base: str = "") -> tuple[Path, ...]:
    return find_check_paths(project, names, project.root / base, "--f07-checks")


@pytest.mark.parametrize(
    ("names", "base", "paths"),
    [
        (("tests/f07/",), "", ["tests/f07"]),
        (("f07/test_a.py", "./f07", "f07"), "tests", ["tests/f07/test_a.py", "tests/f07"]),
        (("../tests/f07",), "notes", ["tests/f07"]),
        ((), "", []),
    ],
)
def test_folders_and_files_of_the_project_each_once(
    project: Project, names: tuple[str, ...], base: str, paths: list[str]
) -> None:
    assert [project.show(path) for path in find(project, *names, base=base)] == paths


def test_a_checkout_that_is_a_link_itself_is_no_mistake(project: Project, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(project.root)
    linked = Project(tmp_path / "link")
    assert find(linked, "tests/f07") == (linked.root / "tests/f07",)


def test_each_file_has_its_digest_but_what_python_compiled(project: Project) -> None:
    (project.root / "tests/f07/__pycache__").mkdir()
    (project.root / "tests/f07/__pycache__/test_a.pyc").write_text("")
    paths = find(project, "tests/f07", "tests/f07/test_a.py")
    names = ["tests/f07/limits.yaml", "tests/f07/more/test_b.py", "tests/f07/test_a.py"]
    assert digest_checks(project, paths) == {name: digest(project.root / name) for name in names}


def link(name: str, target: str) -> Callable[[Project], None]:
    return lambda project: (project.root / name).symlink_to((project.root / target).resolve())


REFUSED: dict[str, tuple[str, Callable[[Project], object], str]] = {
    "missing": ("tests/f08", lambda project: None, "no such file or folder. It must be a folder of tests"),
    "outside": ("../elsewhere", lambda project: None, "lies outside of the project {root}, at "),
    "absolute": ("/usr", lambda project: None, "lies outside of the project {root}, at /usr. "),
    "link out": ("tests/out", link("tests/out", "../elsewhere"), "lies outside of the project {root}, at "),
    "file link": (
        "tests/f07",
        link("tests/f07/test_d.py", "../elsewhere/test_d.py"),
        "tests/f07/test_d.py is a symbolic link, to ",
    ),
    "folder link": ("tests/f07", link("tests/f07/d", "../elsewhere"), "tests/f07/d is a symbolic link, to "),
    "in a package": ("executions/06_packaging/v601", lambda project: None, "no code in executions/ is run"),
    "link to a package": ("tests/p", link("tests/p", "executions/06_packaging/v601"), "no code in executions/ is run"),
    "the project": (".", lambda project: None, "no code in executions/ is run"),
    "no python": ("tests/f07/limits.yaml", lambda project: None, "is no .py file. "),
    "empty": ("notes", lambda project: None, "has no .py file. "),
}


@pytest.mark.parametrize(("name", "change", "message"), REFUSED.values(), ids=REFUSED)
def test_code_of_anybody_else_is_refused(
    project: Project, name: str, change: Callable[[Project], object], message: str
) -> None:
    change(project)
    expected = re.escape(f"--f07-checks '{name}': " + message.format(root=project.root.resolve()))
    with pytest.raises(F07Error, match=f"^{expected}"):
        find(project, name)
