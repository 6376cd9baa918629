"""Names and places: what a variant is called, which project a manifest lies in, what a seal covers."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_f07.variant.paths import Project, is_variant


@given(st.integers(0, 10**9))
def test_a_variant_is_v_and_at_least_three_digits(number: int) -> None:
    assert is_variant(f"v{number:03}")
    assert is_variant(f"v{number}") == (number > 99)


@given(st.text(max_size=6))
def test_nothing_else_is(name: str) -> None:
    digits = name[1:]
    expected = name[:1] == "v" and len(digits) > 2 and digits.isascii() and digits.isdigit()
    assert is_variant(name) == expected


@pytest.mark.parametrize("name", [None, 701, b"v701", ["v701"], True])
def test_what_is_no_text_is_no_variant(name: object) -> None:
    assert not is_variant(name)


def test_a_manifest_tells_its_project() -> None:
    root = Path("/some/where")
    assert Project.of_manifest(Project(root).variant("v701").manifest) == Project(root)


@pytest.mark.parametrize(
    "path",
    [
        "executions/07_deployrun/v701/params.yaml",
        "executions/07_deployrun/x701/manifest.json",
        "executions/06_packaging/v701/manifest.json",
        "elsewhere/07_deployrun/v701/manifest.json",
        "v701/manifest.json",
        "manifest.json",
    ],
)
def test_any_other_file_is_no_manifest(path: str) -> None:
    assert Project.of_manifest(Path("/some/where") / path) is None


def test_messages_show_paths_from_the_project_on(tmp_path: Path) -> None:
    project = Project(tmp_path)
    assert project.show(project.registry) == "executions/07_deployrun/variants.yaml"
    assert project.show(Path("/etc")) == "/etc"
