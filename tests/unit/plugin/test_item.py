"""The test of one model, called as pytest calls it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pytest_f07.equivalence.comparison import Equivalence
from pytest_f07.plugin import item
from pytest_f07.results.checks import Check
from pytest_f07.results.comparison.compare import Comparison
from pytest_f07.results.comparison.model_change import ModelChange
from pytest_f07.results.verdict import Failure, Verdict, broken_verdict
from tests.unit.small_session import failed_verdict, passed_verdict


class Request:
    """The request of one item, whose run has this verdict."""

    def __init__(self, verdict: Verdict, comparison: Comparison | None = None) -> None:
        self.node = SimpleNamespace(user_properties=[("prediction_name", verdict.prediction_name)])
        verdicts = {"other": failed_verdict("other"), verdict.prediction_name: verdict}
        checks = [Check("infer", "Title", "no route")] if verdict.audit else []  # a broken run has none
        self._result = SimpleNamespace(verdicts=verdicts, checks=checks, comparison=comparison)

    def getfixturevalue(self, name: str) -> Any:
        return {"f07_result": self._result}[name]


def validate(verdict: Verdict, comparison: Comparison | None = None) -> dict[str, object]:
    """Run the item of this verdict, and return what JUnit's report has of it."""
    request: Any = Request(verdict, comparison)
    try:
        item.test_runtime_validation(verdict.prediction_name, request)
    finally:
        properties = request.node.user_properties
        names = [name for name, _ in properties]
        assert len(names) == len(set(names))
    return dict(properties)


def test_a_model_that_passed_has_its_metrics_in_the_report() -> None:
    properties = validate(passed_verdict("a"))
    assert (properties["prediction_name"], properties["code"]) == ("a", "")
    assert properties["check_infer"] == "not possible: no route"
    assert (properties["TP"], properties["precision"]) == (3, 0.75)


def test_what_the_oracle_said_is_in_the_report() -> None:
    verdict = passed_verdict("a")
    verdict.equivalence = Equivalence(threshold=0.5, windows=8, largest_difference=1e-7)
    row = {key: value for key, value in verdict.equivalence.row().items() if value is not None}
    assert row
    assert row.items() <= validate(verdict).items()


def test_what_changed_since_an_earlier_run_is_in_the_report() -> None:
    comparison = Comparison("v700", "v601", "2026", [ModelChange("b", [], []), ModelChange("a", [], [], about=["yes"])])
    assert validate(passed_verdict("a"), comparison)["comparison"] == (
        "Yes. Not comparable: no labelled row of its own dataset is common."
    )
    assert "comparison" not in validate(passed_verdict("a"), Comparison("v700", "v601", "2026"))


def test_what_was_not_measured_is_not_in_the_report() -> None:
    verdict = passed_verdict("a")
    verdict.equivalence = Equivalence(0.5)  # no score of the oracle is a number, so none is nearest to the threshold
    assert "None" not in map(str, validate(verdict).values())


FAILURES = {
    "one": [Failure("F07-BOOKS", "no balance.")],
    "two": [Failure("F07-BOOKS", "no balance."), Failure("F07-INFER", "they disagree.")],
}


@pytest.mark.parametrize("failures", FAILURES.values(), ids=FAILURES)
def test_a_model_that_failed_says_each_sentence_without_a_traceback(failures: list[Failure]) -> None:
    verdict = passed_verdict("a")
    verdict.failures = failures
    with pytest.raises(pytest.fail.Exception) as failed:
        validate(verdict)
    assert str(failed.value).splitlines() == [f"{failure.code}  a: {failure.sentence}" for failure in failures]
    assert not failed.value.pytrace


def test_the_codes_of_a_failed_model_are_in_the_report() -> None:
    verdict = passed_verdict("a")
    verdict.failures = FAILURES["two"]
    request: Any = Request(verdict)
    with pytest.raises(pytest.fail.Exception):
        item.test_runtime_validation("a", request)
    assert dict(request.node.user_properties)["code"] == "F07-BOOKS,F07-INFER"


def test_a_model_of_a_broken_run_fails_without_metrics() -> None:
    request: Any = Request(broken_verdict("a", "the server died"))
    with pytest.raises(pytest.fail.Exception, match=r"^F07-BROKEN  a: not validated: the server died\.$"):
        item.test_runtime_validation("a", request)
    assert dict(request.node.user_properties) == {"prediction_name": "a", "code": "F07-BROKEN"}
