"""list7: a line for each variant of the registry or with a folder, whatever state it is in."""

from __future__ import annotations

from pathlib import Path

from conftest import Checkout
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
    for name in ("v702", "v703", "v704", "v705"):
        project.variant(name).folder.mkdir(parents=True)
    project.variant("v703").logs.mkdir()
    project.variant("v704").params.write_text("parent_variant_f06: v604\n")
    project.variant("v704").metadata.write_text("[]")
    project.variant("v705").report.mkdir()
    project.variant("v705").junit_xml.write_text(
        '<testsuite timestamp="2026-01-02T03:04:05+01:00"><failure>F07-BROKEN  a: not validated: no port.</failure>'
        "</testsuite>"
    )
    project.registry.write_text(REGISTRY)
    lines = [line.split() for line in list_variants(project)][1:]
    assert lines == [
        ["v701", "v601", "no", "folder", "2026-01-02T03:04:05"],
        ["v702", "v602", "declared", "2026-01-02T03:04:05"],
        ["v703", "?", "incomplete", "?", *"its run goes on, or was killed before it could say why".split()],
        ["v704", "v604", "not", "this", "tool's", "?"],
        ["v705", "?", "broken", "2026-01-02T02:04:05", "no", "port"],
    ]


def test_a_run_is_listed_with_its_time_and_what_it_said_of_its_models(checkout: Checkout) -> None:
    project = Project(checkout.root)
    [_, line] = list_variants(project)
    run_at = project.variant("v701").metadata.read_text().split('"timestamp": "')[1][:19]
    assert line.split() == ["v701", "v601", "complete", run_at, "3", "models", "passed"]
    checkout.change_metadata(models={"a": {"outcome": "passed"}, "b": {"outcome": "failed"}})
    assert [*list_variants(project)][1].endswith("  1 of 2 models failed")


def test_a_parent_that_the_registry_lacks_is_read_from_params(tmp_path: Path) -> None:
    """An older tool's registry names none; a clone has no metadata where git ignores it."""
    project = Project(tmp_path)
    project.variant("v701").folder.mkdir(parents=True)
    project.variant("v701").params.write_text("parent_variant_f06: v601\n")
    project.registry.write_text("variants: {v701: {params_path: /elsewhere/v701/params.yaml}, v702: {}}\n")
    rows = [line.split() for line in list_variants(project)]
    assert [row[:2] for row in rows[1:]] == [["v701", "v601"], ["v702", "?"]]
