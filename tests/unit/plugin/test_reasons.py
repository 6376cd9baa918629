"""The line that says why an item did not pass; skips and expected failures are in test_outcome.py."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pytest_f07.plugin.reasons import failure_reason

ASSERTION = SimpleNamespace(reprcrash=SimpleNamespace(message="AssertionError: too low\nassert 1 == 2\n +  where"))
CASES = {
    "an assertion": (ASSERTION, "AssertionError: too low"),
    "a fixture that is not there": (
        "file t.py, line 1\nE       fixture 'x' not found\n>  available: y",
        "fixture 'x' not found",
    ),
    "an import": (
        "ImportError while importing\nE   ModuleNotFoundError: No module named 'x'",
        "ModuleNotFoundError: No module named 'x'",
    ),
    "a sentence": ("no such row\n", "no such row"),
    "nothing": ("", "no reason given"),
}


@pytest.mark.parametrize(("longrepr", "reason"), CASES.values(), ids=CASES)
def test_the_reason_is_the_line_that_says_what_is_wrong(longrepr: Any, reason: str) -> None:
    report = pytest.TestReport("t.py::t", ("t.py", 1, "t"), {}, "failed", longrepr, "call")
    assert failure_reason(report) == reason
