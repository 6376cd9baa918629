"""Model folders of a package that nobody lists are named; what is no model folder is not."""

from __future__ import annotations

from pathlib import Path

from pytest_f07.variant.paths import PackagePaths
from pytest_f07.variant.unlisted import unlisted_models


def test_only_folders_that_nobody_lists_are_named_on_one_line_each(tmp_path: Path) -> None:
    package = PackagePaths(tmp_path / "v601")
    for name in ("a__m1", "b__m2", "c__m3", ".hidden", "line\nbreak"):
        (package.models / name).mkdir(parents=True)
    (package.models / "notes.txt").touch()
    assert unlisted_models(package, {"a__m1", "b__m2"}) == [
        "models/c__m3",
        "models/line\\nbreak",
    ]


def test_a_package_without_models_has_none(tmp_path: Path) -> None:
    assert unlisted_models(PackagePaths(tmp_path), set()) == []
