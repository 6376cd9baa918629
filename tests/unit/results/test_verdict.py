"""Test what the report shows of the outcome of one model."""

from __future__ import annotations

from dataclasses import replace

from pytest_f07.equivalence.comparison import Equivalence
from pytest_f07.results.verdict import Verdict, broken_verdict


def test_the_cross_checks_are_shown() -> None:
    assert broken_verdict("a", "no").cross_checks == {}
    differing = Equivalence(0.5, asked=700, windows=1024, emissions=1024, wrong=3, smallest_distance=0.015)
    verdict = replace(Verdict("a", equivalence=differing), infer_windows=32)
    assert verdict.cross_checks == {
        "asked alone (/infer)": "32",
        "answered otherwise": "0",
        "proven": "100 %",
        "distinct windows asked": "700",
        "oracle says otherwise": "3",
        "largest difference": "0",
        "nearest to the threshold": "0.015",
        "tie": "2e-06",
    }
    without_oracle = Equivalence(0.5, with_oracle=False, emissions=9)
    cross_checks = replace(Verdict("a", equivalence=without_oracle), infer_windows=32).cross_checks
    assert [cross_checks[key] for key in ("largest difference", "nearest to the threshold")] == ["–", "–"]
    assert cross_checks["proven"] == "not proven"


def test_a_run_that_broke_says_so_of_every_model_and_has_no_row() -> None:
    verdict = broken_verdict("a", "the server died at v402 row 5,120")
    assert verdict.text == "F07-BROKEN  a: not validated: the server died at v402 row 5,120."
    assert verdict.row() == {}
