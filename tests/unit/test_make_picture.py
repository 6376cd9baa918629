"""The picture of the report in README is of today's report."""

from __future__ import annotations

import pytest
from PIL import Image

from conftest import REPOSITORY


def test_the_picture_was_taken_of_the_report_as_it_looks_today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(REPOSITORY / "tools"))
    import make_picture

    with Image.open(make_picture.PICTURE) as picture:
        assert picture.size == make_picture.SIZE
        sources = picture.info.get(make_picture.KEY)
    assert sources == make_picture.digest_sources(), "the report looks otherwise now: make picture"
