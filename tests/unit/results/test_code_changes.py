"""Which codes make a prediction wrong: which windows the oracle is asked about, and what the rows get of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from pytest_f07.results import code_changes as module
from pytest_f07.results.audit import ModelAudit
from pytest_f07.results.code_changes import add_code_changes, order_changes
from pytest_f07.results.scores import CodeChange, RowExample, Scores, SmallestRows
from pytest_f07.variant.package import Model
from pytest_f07.windows import Float32Array
from tests.unit.small_run import model

NAN = math.nan
KNOWN = (1, 2, 5)


def models(*names: str) -> list[Model]:
    sound = [model(name, "v401") for name in names]
    return [replace(each, vectorization=replace(each.vectorization, vocabulary=KNOWN)) for each in sound]


def audit(*windows: list[int]) -> ModelAudit:
    """Return the counts of a model whose most wrong rows have these windows."""
    entries = {
        (np.array(window, np.int64).tobytes(), 0): (-1.0 + row / 10, RowExample(row, str(window), 0, 0.9))
        for row, window in enumerate(windows)
    }
    return ModelAudit(scores=Scores(most_wrong=SmallestRows(entries)))


class SmallOracle:
    """An oracle: of "a" the sum of the codes, in hundredths, of "b" that of their squares; nothing of no codes."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, list[int]]] = []

    def __call__(self, windows: Mapping[str, Sequence[Sequence[int]]]) -> dict[str, Float32Array]:
        self.asked += [(name, list(window)) for name, own in windows.items() for window in own]
        power = {"a": 1, "b": 2}
        scores = {
            name: [sum(code ** power[name] for code in window) if window else NAN for window in own]
            for name, own in windows.items()
        }
        return {name: np.array(own, np.float32) / np.float32(100) for name, own in scores.items()}


def changes(audits: dict[str, ModelAudit], most_windows: int = 100) -> dict[str, list[tuple[CodeChange, ...]]]:
    """Return the codes of each row, rounded to what a float32 holds."""
    add_code_changes(models(*audits), audits, SmallOracle(), most_windows)
    return {
        name: [tuple((code, round(change, 6)) for code, change in row.codes) for row in audit.scores.most_wrong.rows]
        for name, audit in audits.items()
    }


def test_each_row_gets_the_change_without_each_known_code_the_largest_first() -> None:
    assert changes({"a": audit([1, 5, 1, 90], [2, 1])}) == {
        "a": [((5, -0.05), (1, -0.02)), ((2, -0.02), (1, -0.01))],
    }


def test_each_model_is_asked_about_its_own_rows_alone() -> None:
    audits = {"a": audit([1, 5]), "b": audit([1, 5], [2])}
    oracle = SmallOracle()
    add_code_changes(models(*audits), audits, oracle, 100)
    assert sorted(window for name, window in oracle.asked if name == "a") == [[1], [1, 5], [5]]
    assert sorted(window for name, window in oracle.asked if name == "b") == [[], [1], [1, 5], [2], [5]]
    assert [row.codes[0][0] for name in "ab" for row in audits[name].scores.most_wrong.rows] == [5, 5, 2]
    assert audits["b"].scores.most_wrong.rows[0].codes[0][1] == pytest.approx(-0.25)


def test_a_code_without_which_there_is_no_score_comes_last() -> None:
    audits = {"a": audit([5])}
    add_code_changes(models("a"), audits, SmallOracle(), 100)
    [(code, change)] = audits["a"].scores.most_wrong.rows[0].codes
    assert (code, math.isnan(change)) == (5, True)
    assert [code for code, _ in order_changes(0.5, {1: NAN, 5: 0.25, 2: 0.75, 7: 0.9})] == [7, 2, 5, 1]


@pytest.mark.parametrize("window", [[], [90, 91]])
def test_a_window_without_a_known_code_has_none_to_leave_out(window: list[int]) -> None:
    assert changes({"a": audit(window)}) == {"a": [()]}


@pytest.mark.parametrize(("most_windows", "explained"), [(0, [0, 0]), (3, [2, 0]), (4, [2, 0]), (5, [2, 2])])
def test_the_budget_bounds_what_is_asked_and_the_most_wrong_come_first(most_windows: int, explained: list[int]) -> None:
    rows = changes({"a": audit([1, 2], [2, 5])}, most_windows)["a"]
    # [2] is asked about once, so that five windows hold both rows.
    assert [len(row) for row in rows] == explained


def test_a_row_that_has_too_many_codes_is_left_out_and_the_next_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CODES", 10)
    assert [len(row) for row in changes({"a": audit([1, 2, 5] * 4, [1, 2])})["a"]] == [0, 2]


def test_only_the_codes_that_change_most_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SHOWN_CODES", 1)
    assert changes({"a": audit([1, 5, 2])}) == {"a": [((5, -0.05),)]}
