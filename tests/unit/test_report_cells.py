from __future__ import annotations

import re

import pytest

from pytest_f07.results.metrics import Metrics
from pytest_f07.results.report import COLUMNS, header_cells, row_cells
from pytest_f07.results.verdict import Verdict


def shown(key: str, verdict: Verdict) -> str:
    """What pytest-html takes out of a cell to sort by: it compares text."""
    cells = dict(zip([column.key for column in COLUMNS], row_cells(verdict, None), strict=True))
    assert f"col-{key}" in cells[key]
    return re.search(r"<td.*?>(.*?)</td>", cells[key])[1]


@pytest.mark.parametrize("key", ["TP", "TN", "recall", "base_rate", "no_ref_total", "non_finite"])
def test_text_sorts_as_the_numbers_do(key: str) -> None:
    rows = [
        Verdict(str(size), Metrics(str(size), tp=size, tn=size, fn=1000, fp=9_000, no_ref_pred_1=size), non_finite=size)
        for size in (137_220, 5, 0, 1_000, 40, 999)
    ]
    by_text = sorted(rows, key=lambda verdict: shown(key, verdict))
    by_number = sorted(rows, key=lambda verdict: verdict.row()[key])
    assert [one.row()[key] for one in by_text] == [one.row()[key] for one in by_number]


def test_a_model_that_was_not_judged_has_a_dash_in_every_column() -> None:
    cells = row_cells(None, None)
    assert len(cells) == len(header_cells()) == len(COLUMNS)
    assert all(">–</td>" in cell for cell in cells)
