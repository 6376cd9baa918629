"""variants.yaml: other entries are kept, as other tools wrote them, even when several variants are made at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from pytest_f07.results.metric_table import LIMITS
from pytest_f07.variant import registry
from pytest_f07.variant.create import create_variant
from pytest_f07.variant.paths import Project
from tests.unit.small_package import make_package


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path)
    project.variants.mkdir(parents=True)
    return project


@pytest.mark.parametrize("text", [None, "", " \n", "variants:\n", "variants: {}\n"])
def test_a_registry_without_variants_is_an_empty_one(project: Project, text: str | None) -> None:
    if text is not None:
        project.registry.write_text(text)
    assert registry.read(project) == {"variants": {}}
    assert list(yaml.safe_load(registry.with_variant(project, "v701", "v601"))["variants"]) == ["v701"]


def test_other_entries_and_their_order_are_kept(project: Project) -> None:
    other = {
        "comment": "é <script>",
        "variants": {"v709": {"params_path": "/elsewhere/params.yaml", "x": [1, None]}, "old name": None},
        "schema": 2,
    }
    project.registry.write_text(yaml.safe_dump(other, sort_keys=False))
    document = yaml.safe_load(registry.with_variant(project, "v701", "v601"))
    assert list(document) == list(other)
    assert list(document["variants"]) == ["v709", "old name", "v701"]
    del document["variants"]["v701"]
    assert document == other


def test_variants_made_at_once_all_get_their_entry(project: Project) -> None:
    make_package(project.root)
    names = [f"v70{digit}" for digit in range(8)]
    with ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(lambda name: create_variant(project, name, "v601", {}, LIMITS), names))
    assert sorted(registry.read(project)["variants"]) == names
    assert sorted(path.name for path in project.variants.iterdir()) == [*names, "variants.yaml"]
