"""Test that each check which cannot be done is told, with the reason."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_f07.endpoints.endpoint import Provides
from pytest_f07.endpoints.tensors import SCORES_ALONE
from pytest_f07.results.checks import describe_outcome, list_checks, outcome_text

OURS = Provides()
LABELS = Provides(scores=False, identity=False, rows="window", non_finite="none", single=False)
KEYS = [
    "emissions",
    "rows",
    "identity",
    "threshold",
    "infer",
    "equivalence_scores",
    "equivalence_labels",
    "non_finite",
    "repeat",
]

CASES = {
    "ours": (OURS, False, {}),
    "ours, without the oracle": (
        OURS,
        True,
        dict.fromkeys(["equivalence_scores", "equivalence_labels"], "off: equivalence is off in params.yaml"),
    ),
    "tensors": (
        SCORES_ALONE,
        False,
        {
            "rows": "not possible: an answer does not tell which rows it is of; the oracle alone sees it",
            "identity": "not possible: the server does not tell which model files it serves",
            "threshold": "not possible: the server gives scores alone, and the run applies the threshold",
            "infer": "not possible: the server has no route for one window",
        },
    ),
    "labels": (
        LABELS,
        False,
        {
            "identity": "not possible: the server does not tell which model files it serves",
            "threshold": "not possible: the server gives labels alone",
            "infer": "not possible: the server has no route for one window",
            "equivalence_scores": "not possible: the server gives labels alone",
        },
    ),
    "labels, without the oracle": (
        LABELS,
        True,
        {
            "identity": "not possible: the server does not tell which model files it serves",
            "threshold": "not possible: the server gives labels alone",
            "infer": "not possible: the server has no route for one window",
            "equivalence_scores": "not possible: the server gives labels alone",
            "equivalence_labels": "off: equivalence is off in params.yaml",
            "non_finite": "not possible: the server gives labels alone, and the oracle was not asked",
        },
    ),
}


@pytest.mark.parametrize(("provides", "is_off", "not_done"), CASES.values(), ids=CASES)
def test_each_check_says_whether_it_was_done(provides: Provides, is_off: bool, not_done: dict[str, str]) -> None:
    checks = list_checks(provides, is_off)
    assert [check.key for check in checks] == KEYS
    assert {check.key: check.text for check in checks} == {**dict.fromkeys(KEYS, "done"), **not_done}


def test_the_outcome_says_what_it_is_worth() -> None:
    assert outcome_text("passed", list_checks(OURS, is_off=True)) == "passed"
    assert outcome_text("passed", list_checks(SCORES_ALONE, is_off=False)) == "passed, 4 of 9 checks not possible"
    assert outcome_text("failed", list_checks(OURS, is_off=False), 0.001) == "failed with scores up to 0.001 apart"


DOCUMENTS: dict[str, tuple[dict[str, Any], str]] = {
    "of an older version": ({"outcome": "passed"}, "passed"),
    "of the run's own server": (
        {"outcome": "failed", "checks": {"rows": "done"}, "server": {"started_by_run": True, "url": "http://h"}},
        "failed",
    ),
    "of another": (
        {
            "outcome": "passed",
            "checks": {"rows": "done", "infer": "not possible: no route", "equivalence_labels": "off: x"},
            "server": {"started_by_run": False, "url": "http://h", "protocol": "mlflow"},
        },
        "passed, 1 of 3 checks not possible, by the server at http://h (mlflow)",
    ),
}


@pytest.mark.parametrize(("document", "text"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_what_metadata_say_of_a_run_is_told_in_words(document: dict[str, Any], text: str) -> None:
    assert describe_outcome(document) == text
