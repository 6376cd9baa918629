from __future__ import annotations

from pathlib import Path

import pytest

from pytest_f07.commands.history import print_history
from pytest_f07.errors import F07Error
from pytest_f07.variant.paths import Project
from tests.unit.results.test_history import RECORD, write_metadata


def test_a_table_for_each_model(tmp_path: Path) -> None:
    project = Project(tmp_path)
    write_metadata(project, "v701", "2026-01-02T10:00:00+00:00")
    write_metadata(project, "v702", "2026-01-03T10:00:00+00:00", model={**RECORD, "keras": "3.15.1"})
    metrics = "0.7500 (0.3006 to 0.9544)  0.6000 (0.2307 to 0.8824)  0.6667"
    changed = "saved by Keras 2.15.0 then, by 3.15.1 now"
    assert list(print_history(project, None)) == [
        "a",
        f"  WHEN              RUN   PACKAGE  {'PRECISION':25}  {'RECALL':25}  F1      RESULT  CHANGED",
        f"  2026-01-02 10:00  v701  v601     {metrics}  passed",
        f"  2026-01-03 10:00  v702  v601     {metrics}  passed  {changed}",
    ]


@pytest.mark.parametrize(
    ("variant", "message"),
    [
        (None, "no complete run of these models is there or published; run one: make script7-run VARIANT=v701"),
        ("701", "VARIANT is '701'; it must be 'v' and at least three digits, like v701."),
        ("v701", "there is no variant v701"),
    ],
)
def test_where_there_is_nothing_to_tell(tmp_path: Path, variant: str | None, message: str) -> None:
    with pytest.raises(F07Error) as caught:
        list(print_history(Project(tmp_path), variant))
    assert str(caught.value).startswith(message)
