"""Compare pytest's report of each model with the run's verdict: a model that is not judged has not passed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest

from pytest_f07.plugin.reasons import failure_reason, skip_reason

if TYPE_CHECKING:
    from pytest_f07.results.verdict import Verdict


class Outcomes:
    """The reports of one session's items.

    Conftests and plugins skip items, mark them as expected failures, or change their reports; their fixtures fail. A
    model counts as judged where its test was called, no fixture failed, and its report agrees with the run's verdict.
    """

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self._called: dict[str, pytest.TestReport] = {}
        self._reasons: dict[str, str] = {}
        self._errors: set[str] = set()
        self.failed = False

    def expect(self, names: Mapping[str, str]) -> None:
        """Note which items are to be judged.

        :param names: the model of each item's node id.
        """
        self.names = dict(names)

    def add(self, report: pytest.TestReport) -> None:
        """Note one report of one phase of one item."""
        self.failed = self.failed or report.failed
        name = self.names.get(report.nodeid)
        if name is None:
            return
        if report.skipped or hasattr(report, "wasxfail"):
            self._reasons[name] = skip_reason(report)
        if report.when == "call":
            self._called[name] = report
        elif report.failed:
            self._reasons[name] = f"error at {report.when}: {failure_reason(report)}"
            self._errors.add(name)

    def not_judged(self, verdicts: Mapping[str, Verdict]) -> list[str]:
        """Return the models whose verdict the session does not report, or reports wrongly."""
        return [name for name in self.names.values() if not self._is_judged(name, verdicts.get(name))]

    def not_reported(self, verdicts: Mapping[str, Verdict]) -> list[str]:
        """Return the models of a run that this session does not report: those not judged, and those not selected."""
        reported = set(self.names.values()) - set(self.not_judged(verdicts))
        return [name for name in verdicts if name not in reported]

    def _is_judged(self, name: str, verdict: Verdict | None) -> bool:
        report = self._called.get(name)
        if report is None or verdict is None or name in self._errors or hasattr(report, "wasxfail"):
            return False
        return report.outcome == verdict.report_outcome

    def sentence(self, names: list[str], of: int) -> str:
        """Return the sentence on models that were not judged, with the first reason."""
        reason = next((self._reasons[name] for name in names if name in self._reasons), "")
        return f"{len(names)} of {of} models were not judged{reason and f' ({reason})'}."
