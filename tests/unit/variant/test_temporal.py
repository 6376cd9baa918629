from __future__ import annotations

from pathlib import Path

import pytest

from pytest_f07.variant.paths import PackagePaths
from pytest_f07.variant.temporal import dependent_rows


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("temporal: {Tu: 900.0, OW: 48, PW: 8, LT: 4}", 60),
        ("temporal: {OW: 0, PW: 0, LT: 0}", 1),
        ("temporal: {OW: 48, PW: 8}", None),
        ("temporal: {OW: 48.5, PW: 8, LT: 4}", None),
        ("temporal: {OW: yes, PW: 8, LT: 4}", None),
        ("temporal: {OW: -48, PW: 8, LT: 4}", None),
        ("temporal: [48, 8, 4]", None),
        ("parent_variants_f05: [v501]", None),
        ("[", None),
        (None, None),
    ],
)
def test_the_rows_after_which_nothing_overlaps(tmp_path: Path, text: str | None, rows: int | None) -> None:
    package = PackagePaths(tmp_path)
    if text is not None:
        package.params.write_text(text)
    assert dependent_rows(package) == rows
