"""list7: a line for each variant of the registry or with a folder, whatever state it is in."""

from __future__ import annotations

from pathlib import Path

from pytest_f07.commands.listing import HEADER, list_variants
from pytest_f07.variant.paths import Project

REGISTRY = """\
variants:
  v701: {parent_variant: v601, created_at: "2026-01-02T03:04:05.678"}
  v702: {parent_variant: v602, created_at: "2026-01-02T03:04:05.678"}
"""


def test_a_project_without_variants_has_the_header_only(tmp_path: Path) -> None:
    assert list(list_variants(Project(tmp_path))) == ["  ".join(HEADER)]


def test_each_variant_is_listed_with_its_state(tmp_path: Path) -> None:
    project = Project(tmp_path)
    for name in ("v702", "v703", "v704"):
        project.variant(name).folder.mkdir(parents=True)
    project.variant("v703").logs.mkdir()
    project.variant("v704").params.write_text("parent_variant_f06: v604\n")
    project.variant("v704").metadata.write_text("[]")
    project.registry.write_text(REGISTRY)
    lines = [line.split() for line in list_variants(project)][1:]
    assert lines == [
        ["v701", "v601", "no", "folder", "2026-01-02T03:04:05"],
        ["v702", "v602", "declared", "2026-01-02T03:04:05"],
        ["v703", "?", "incomplete", "?"],
        ["v704", "v604", "not", "this", "tool's", "?"],
    ]
