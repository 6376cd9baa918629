from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_f07.endpoints.endpoint import Provides
from pytest_f07.results.audit import ModelAudit
from pytest_f07.results.ci import (
    HEADINGS,
    align_rows,
    describe_outcome,
    format_annotation,
    format_step_summary,
    format_table,
    model_cells,
)
from pytest_f07.results.judgement import NONFINITE
from pytest_f07.results.metrics import Metrics
from pytest_f07.results.own_checks import OwnCheck, OwnChecks
from pytest_f07.results.verdict import Failure, Verdict
from tests.unit.small_run import run_result

GOOD = Verdict("a_model", Metrics("a_model", tp=1200, tn=5, fp=400, fn=0), audit=ModelAudit())
SENTENCE = "3 | 4 scores\nare <b>_NaN_</b>"
BAD = Verdict("b", Metrics("b", tn=3), failures=[Failure(NONFINITE, SENTENCE)], audit=ModelAudit(non_finite=7))


def test_numbers_stand_below_each_other() -> None:
    lines = align_rows([HEADINGS, model_cells("a_model", GOOD), model_cells("b", BAD)])
    assert [line.split()[0] for line in lines] == ["model", "a_model", "b"]
    assert lines[1].index("1,200") + 5 == lines[2].index("0 ") + 1
    assert lines[1].endswith("passed")
    assert "0.7500" in lines[1]


def test_a_model_that_is_not_judged_has_neither_passed_nor_failed() -> None:
    lines = format_table({"a_model": GOOD, "b": BAD}, 200, not_judged=["b"])
    assert [re.split("  +", line)[-1] for line in lines[1:]] == ["passed", "not judged"]


def test_a_model_without_metrics_has_dashes() -> None:
    assert set(model_cells("a", Verdict("a"))[1:-1]) == {"–"}


OUTCOMES: dict[str, tuple[dict[str, Any], str | None, tuple[str, str]]] = {
    "passed": ({}, None, ("PASSED", "1 model passed.")),
    "failed": ({"verdicts": {"a_model": GOOD, "b": BAD}}, None, ("FAILED", "1 of 2 models failed.")),
    "not complete": ({"verdicts": {"b": BAD}}, "The run broke: why.", ("NOT COMPLETE", "The run broke: why.")),
    "an own check failed": (
        {"own_checks": OwnChecks((OwnCheck("t", "failed", "why"),))},
        None,
        ("FAILED", "1 model passed, 1 of 1 own check failed."),
    ),
    "not all was possible": (
        {"provides": Provides(identity=False), "own_checks": OwnChecks((OwnCheck("t", "passed"),))},
        None,
        ("PASSED", "1 model passed, 1 of 9 checks not possible, 1 own check passed."),
    ),
}


@pytest.mark.parametrize(("values", "note", "outcome"), OUTCOMES.values(), ids=OUTCOMES)
def test_the_outcome_is_a_word_and_what_it_is_worth(
    tmp_path: Path, values: dict[str, Any], note: str | None, outcome: tuple[str, str]
) -> None:
    result = replace(run_result(tmp_path, {"a_model": GOOD}), **values)
    assert describe_outcome(result, note) == outcome


NAMES = ("battery_active_power_any-to-80_100", "building_active_power_any-to-80_100")
EMPTY = Verdict("c", Metrics("c", tn=29_453), audit=ModelAudit())
WIDTHS = {
    76: "FP precision recall F1",
    80: "FP FN precision recall F1",
    200: "TP TN FP FN precision recall F1 base rate",
    20: "precision recall F1",
}


@pytest.mark.parametrize(("width", "headings"), WIDTHS.items())
def test_the_table_is_as_wide_as_the_terminal_and_keeps_what_matters_most(width: int, headings: str) -> None:
    lines = format_table({NAMES[0]: GOOD, NAMES[1]: EMPTY}, width)
    assert " ".join(lines[0].split()[1:]) == headings
    assert width == 20 or max(map(len, lines)) <= width
    assert [line.split()[0] for line in lines[1:]] == list(NAMES)
    assert lines[2].count("0/0") == 3


def test_scores_that_are_no_numbers_have_a_column_where_there_are_some() -> None:
    assert "not numbers" in format_table({"b": BAD}, 200)[0]


@pytest.mark.parametrize("note", [None, "The run broke: *why*."])
def test_the_step_summary_is_the_outcome_a_table_and_sentences_that_markdown_does_not_change(
    tmp_path: Path, note: str | None
) -> None:
    own_checks = OwnChecks((OwnCheck("t.py::t", "failed", "assert [1] == [2]"),))
    result = run_result(tmp_path, {"a_model": GOOD, "b": BAD}, own_checks=own_checks)
    lines = format_step_summary(result, note).splitlines()
    head = "### ⚠️ NOT COMPLETE" if note else "### ❌ FAILED"
    assert lines[0] == f"{head}: v701 of package v601"
    assert lines[2] == (r"The run broke: \*why\*." if note else "1 of 2 models failed, 1 of 1 own check failed.")
    rows = [line for line in lines if line.startswith("|")]
    assert len({row.count("|") for row in rows}) == 1
    assert rows[2].startswith("| `a_model` | 1,200 | 5 | 400 |")
    assert r"- `F07-NONFINITE` `b`: 3 \| 4 scores are \<b\>\_NaN\_\</b\>" in lines
    assert r"- t.py::t: assert \[1\] == \[2\]" in lines


@pytest.mark.parametrize(("broken", "not_judged"), [(None, ["b"]), ("no", [])], ids=["skipped", "the run broke"])
def test_the_step_summary_says_which_models_are_not_judged(
    tmp_path: Path, broken: str | None, not_judged: list[str]
) -> None:
    result = run_result(tmp_path, {"a_model": GOOD, "b": BAD}, broken=broken)
    rows = [line for line in format_step_summary(result, "why", not_judged).splitlines() if line.startswith("| `")]
    assert [row.split(" | ")[-1] for row in rows] == ["not judged |" if broken else "passed |", "not judged |"]


def test_an_annotation_is_one_command_whatever_the_text_holds() -> None:
    assert (
        format_annotation("F07-BROKEN", "a:b,c", "100 %\r\n::warning::no")
        == "::error title=F07-BROKEN a%3Ab%2Cc::100 %25%0D%0A::warning::no"
    )
