from __future__ import annotations

import pytest

from pytest_f07.results.own_checks import OwnCheck, OwnChecks, describe, recorded_outcomes

PASSED, FAILED, SKIPPED = OwnCheck("a", "passed"), OwnCheck("b", "failed", "assert 0"), OwnCheck("c", "skipped", "wind")


@pytest.mark.parametrize(
    ("checks", "text"),
    [
        ((), ""),
        ((PASSED,), "1 own check passed"),
        ((PASSED, SKIPPED), "1 own check passed"),
        ((PASSED, FAILED), "1 of 2 own checks failed"),
        ((FAILED,), "1 of 1 own check failed"),
    ],
)
def test_how_they_ended_in_words(checks: tuple[OwnCheck, ...], text: str) -> None:
    assert OwnChecks(checks).text == text
    assert describe([check.outcome for check in checks]) == text


def test_the_metadata_hold_outcomes_reasons_and_digests_and_give_them_back() -> None:
    document = OwnChecks((PASSED, FAILED), {"tests/f07/test_a.py": "ab"}).document()
    assert document == {
        "outcome": "failed",
        "files": {"tests/f07/test_a.py": "ab"},
        "tests": {"a": {"outcome": "passed"}, "b": {"outcome": "failed", "message": "assert 0"}},
    }
    assert recorded_outcomes({"own_checks": document}) == {"a": "passed", "b": "failed"}


@pytest.mark.parametrize("value", [None, [], {"tests": None}, "x"])
def test_of_metadata_without_own_checks_there_are_none(value: object) -> None:
    assert recorded_outcomes({"own_checks": value}) == {}
    assert recorded_outcomes({}) == {}
    assert recorded_outcomes({"own_checks": {"tests": {"a": 7}}}) == {"a": "unknown"}
