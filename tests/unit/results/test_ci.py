from __future__ import annotations

import pytest

from pytest_f07.results.audit import ModelAudit
from pytest_f07.results.ci import HEADINGS, align_rows, format_annotation, format_step_summary, model_cells
from pytest_f07.results.judgement import NONFINITE
from pytest_f07.results.metrics import Metrics
from pytest_f07.results.verdict import Failure, Verdict

GOOD = Verdict("a_model", Metrics("a_model", tp=1200, tn=5, fp=400, fn=0), audit=ModelAudit())
SENTENCE = "3 | 4 scores\nare <b>_NaN_</b>"
BAD = Verdict("b", Metrics("b", tn=3), failures=[Failure(NONFINITE, SENTENCE)], audit=ModelAudit(non_finite=7))


def test_numbers_stand_below_each_other() -> None:
    lines = align_rows([HEADINGS, model_cells("a_model", GOOD), model_cells("b", BAD)])
    assert [line.split()[0] for line in lines] == ["model", "a_model", "b"]
    assert lines[1].index("1,200") + 5 == lines[2].index("0 ") + 1
    assert lines[1].endswith("passed")
    assert "0.7500" in lines[1]


def test_a_model_without_metrics_has_dashes() -> None:
    assert set(model_cells("a", Verdict("a"))[1:-1]) == {"–"}


@pytest.mark.parametrize("note", [None, "The run broke: *why*."])
def test_the_step_summary_is_a_table_and_sentences_that_markdown_does_not_change(note: str | None) -> None:
    lines = format_step_summary("v701", "v601", {"a_model": GOOD, "b": BAD}, note).splitlines()
    assert lines[0] == "### F07: v701 of package v601, 1 of 2 models passed"
    rows = [line for line in lines if line.startswith("|")]
    assert len({row.count("|") for row in rows}) == 1
    assert rows[2].startswith("| `a_model` | 1,200 | 5 | 400 |")
    assert r"- `F07-NONFINITE` `b`: 3 \| 4 scores are \<b\>\_NaN\_\</b\>" in lines
    assert (r"**The run broke: \*why\*.**" in lines) is (note is not None)


def test_an_annotation_is_one_command_whatever_the_text_holds() -> None:
    assert (
        format_annotation("F07-BROKEN", "a:b,c", "100 %\r\n::warning::no")
        == "::error title=F07-BROKEN a%3Ab%2Cc::100 %25%0D%0A::warning::no"
    )
