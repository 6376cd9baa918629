from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pytest_f07.plugin.outcome import Outcomes

PASSED, FAILED = SimpleNamespace(report_outcome="passed"), SimpleNamespace(report_outcome="failed")


def report(when: str, outcome: Any, longrepr: Any = None, **extra: str) -> pytest.TestReport:
    # "when" is any text here; pytest types it as one of three
    return pytest.TestReport("m::t[a]", ("m", 1, "t"), {}, outcome, longrepr, when, **extra)  # type: ignore[arg-type]


SKIPPED = ("conftest.py", 3, "Skipped: no database here")
CASES = {
    "passed": ([report("setup", "passed"), report("call", "passed")], PASSED, True, ""),
    "failed": ([report("call", "failed", "sentence")], FAILED, True, ""),
    "skipped": ([report("setup", "skipped", SKIPPED)], None, False, " (skipped: no database here)"),
    "skipped without a word": ([report("setup", "skipped", ("c", 1, "Skipped"))], None, False, " (skipped)"),
    "xfailed": ([report("call", "skipped", "text", wasxfail="reason: flaky")], FAILED, False, " (xfail: flaky)"),
    "xpassed": ([report("call", "passed", wasxfail="flaky")], PASSED, False, " (xfail: flaky)"),
    "turned to passed": ([report("call", "passed")], FAILED, False, ""),
    "turned to failed": ([report("call", "failed", "[XPASS(strict)]")], PASSED, False, ""),
    "not set up": ([report("setup", "failed", "text")], PASSED, False, " (error at setup: text)"),
    "not torn down": (
        [report("call", "passed"), report("teardown", "failed", "E  OSError: late")],
        PASSED,
        False,
        " (error at teardown: OSError: late)",
    ),
    "no verdict": ([report("call", "failed", "text")], None, False, ""),
}


@pytest.mark.parametrize(("reports", "verdict", "judged", "reason"), CASES.values(), ids=CASES)
def test_a_model_is_judged_where_its_report_says_what_its_verdict_says(
    reports: list[pytest.TestReport], verdict: Any, judged: bool, reason: str
) -> None:
    outcomes = Outcomes()
    outcomes.expect({"m::t[a]": "a"})
    for one in reports:
        outcomes.add(one)
    names = outcomes.not_judged({"a": verdict} if verdict else {})
    assert names == ([] if judged else ["a"])
    if names:
        assert outcomes.sentence(names, 3) == f"1 of 3 models were not judged{reason}."
    assert outcomes.failed == any(one.failed for one in reports)


def test_a_model_is_reported_where_it_was_selected_and_judged() -> None:
    outcomes = Outcomes()
    outcomes.expect({"m::t[a]": "a", "m::t[b]": "b"})
    outcomes.add(report("call", "passed"))
    verdicts: Any = {"a": PASSED, "b": PASSED, "not selected": PASSED}
    assert outcomes.not_reported(verdicts) == ["b", "not selected"]


def test_an_item_of_somebody_else_is_no_model() -> None:
    outcomes = Outcomes()
    outcomes.add(report("call", "passed"))
    assert outcomes.not_judged({"a": PASSED}) == []  # type: ignore[dict-item]  # a stand-in of a verdict
