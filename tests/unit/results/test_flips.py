from __future__ import annotations

from pathlib import Path

import pytest

from pytest_f07.errors import F07Error
from pytest_f07.results import flips as module
from pytest_f07.results.flips import Flip, Flips, RunLog, count_flips
from tests.unit.results.small_baseline import LogRows, write_log


def count(root: Path, names: list[str], then: LogRows, now: LogRows) -> dict[str, Flips]:
    """Count the flips of all datasets."""
    then_log, now_log = write_log(root / "then.parquet", names, then), write_log(root / "now.parquet", names, now)
    flips = {name: Flips() for name in names}
    for dataset in now:
        count_flips(then_log, now_log, dataset, flips)
    return flips


def test_flips_are_counted_each_way_and_the_largest_shown_first(tmp_path: Path) -> None:
    then = {"v401": [("[1]", [0.4, 0.1]), ("[2]", [0.6, 0.1]), ("[3]", [0.45, 0.1]), ("[]", [0.9, float("nan")])]}
    now = {"v401": [("[1]", [0.6, 0.1]), ("[2]", [0.3, 0.1]), ("[3]", [0.95, 0.1]), ("[]", [0.9, 0.7])]}
    a, b = count(tmp_path, ["a", "b"], then, now).values()
    assert (a.compared, a.to_1, a.to_0) == (4, 2, 1)
    assert [(flip.dataset, flip.row, flip.window) for flip in a.largest] == [
        ("v401", 2, "[3]"),
        ("v401", 1, "[2]"),
        ("v401", 0, "[1]"),
    ]
    assert (b.to_1, b.to_0, [flip.size for flip in b.largest]) == (1, 0, [1.0])


def test_a_score_that_is_no_number_is_null_in_json() -> None:
    assert Flip("v401", 7, "[1]", 0.9, float("nan")).document() == {
        "dataset": "v401",
        "row": 7,
        "window": "[1]",
        "then": 0.9,
        "now": None,
    }


def test_the_text_of_a_long_window_is_cut(tmp_path: Path) -> None:
    window = f"[{'1,' * 100}1]"
    [flip] = count(tmp_path, ["a"], {"v401": [(window, [0.1])]}, {"v401": [(window, [0.9])]})["a"].largest
    assert flip.window == f"{window[:120]}…"


@pytest.mark.parametrize("rows", [1, 2, 3, 100])
def test_blocks_of_any_size_count_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    monkeypatch.setattr(module, "BLOCK_ROWS", rows)
    then = {"v401": [(f"[{row}]", [0.4]) for row in range(9)], "v402": [("[]", [0.4])] * 4}
    now = {"v401": [(f"[{row}]", [0.4 + row / 20]) for row in range(9)], "v402": [("[]", [0.4])] * 4}
    flips = count(tmp_path, ["a"], then, now)["a"]
    assert (flips.compared, flips.to_1, flips.to_0) == (13, 7, 0)
    assert [flip.row for flip in flips.largest] == [8, 7, 6, 5, 4]


def test_a_log_that_ends_early_is_refused(tmp_path: Path) -> None:
    log = write_log(tmp_path / "then.parquet", ["a"], {"v401": [("[1]", [0.1])]})
    longer = write_log(tmp_path / "now.parquet", ["a"], {"v401": [("[1]", [0.1])] * 2})
    with pytest.raises(F07Error, match="its log has fewer rows than its metadata says"):
        count_flips(RunLog(log.parquet, log.names, {"v401": 2}), longer, "v401", {"a": Flips()})
