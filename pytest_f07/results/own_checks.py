"""Hold the outcome of the user's own checks: test functions that run after the models' items and read the output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_f07.variant.wording import counted

# The name under which junit.xml marks the test case of an own check, so that it is taken for no model's.
PROPERTY = "own_check"


@dataclass(frozen=True)
class OwnCheck:
    """One test function of the user's, for one model where it asks for one.

    :param node_id: its name as pytest has it.
    :param outcome: "passed", "failed" (an error in a fixture too) or "skipped" (an expected failure too).
    :param reason: why it did not pass, in one line.
    """

    node_id: str
    outcome: str
    reason: str = ""


@dataclass(frozen=True)
class OwnChecks:
    """The own checks of a run.

    :param files: the sha256 of each file in their folders, by its path in the project.
    """

    checks: tuple[OwnCheck, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def failed(self) -> list[OwnCheck]:
        """Return those that failed."""
        return [check for check in self.checks if check.outcome == "failed"]

    @property
    def skipped(self) -> list[OwnCheck]:
        """Return those that were skipped."""
        return [check for check in self.checks if check.outcome == "skipped"]

    @property
    def text(self) -> str:
        """Return how they ended: ``1 of 4 own checks failed``; empty where there is none."""
        return describe([check.outcome for check in self.checks])

    def document(self) -> dict[str, Any]:
        """Return them as the metadata hold them."""
        tests = {
            check.node_id: {"outcome": check.outcome, **({"message": check.reason} if check.reason else {})}
            for check in self.checks
        }
        return {"outcome": "failed" if self.failed else "passed", "files": dict(self.files), "tests": tests}


def describe(outcomes: Sequence[str]) -> str:
    """Return how own checks ended: ``1 of 4 own checks failed``; empty where there is none."""
    failed = outcomes.count("failed")
    if failed:
        return f"{failed} of {counted(len(outcomes), 'own check')} failed"
    return f"{counted(outcomes.count('passed'), 'own check')} passed" if outcomes else ""


def recorded_outcomes(document: Mapping[str, Any]) -> dict[str, str]:
    """Return the outcome of each own check that a run's metadata record, by node id."""
    recorded = document.get("own_checks")
    tests = recorded.get("tests") if isinstance(recorded, Mapping) else None
    if not isinstance(tests, Mapping):
        return {}
    return {
        str(node_id): str(test.get("outcome")) if isinstance(test, Mapping) else "unknown"
        for node_id, test in tests.items()
    }
