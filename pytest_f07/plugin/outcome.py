"""Compare pytest's report of each model with the run's verdict: a model that is not judged has not passed."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pytest_f07.results.verdict import Verdict


class Outcomes:
    """The reports of one session's items.

    Conftests and plugins skip items, mark them as expected failures, or change their reports. A model counts as judged
    where its test was called and its report agrees with the run's verdict.
    """

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self._called: dict[str, pytest.TestReport] = {}
        self._reasons: dict[str, str] = {}
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
            self._reasons[name] = _reason(report)
        if report.when == "call":
            self._called[name] = report

    def not_judged(self, verdicts: Mapping[str, Verdict]) -> list[str]:
        """Return the models whose verdict the session does not report, or reports wrongly."""
        return [name for name in self.names.values() if not self._is_judged(name, verdicts.get(name))]

    def _is_judged(self, name: str, verdict: Verdict | None) -> bool:
        report = self._called.get(name)
        if report is None or verdict is None or hasattr(report, "wasxfail"):
            return False
        return report.outcome == verdict.report_outcome

    def sentence(self, names: list[str], of: int) -> str:
        """Return the sentence on models that were not judged, with the first reason."""
        reason = next((self._reasons[name] for name in names if name in self._reasons), "")
        return f"{len(names)} of {of} models were not judged{reason and f' ({reason})'}."


def _reason(report: pytest.TestReport) -> str:
    """Return why the item was not judged: ``skipped: no database here``."""
    expected_failure = getattr(report, "wasxfail", None)
    if expected_failure is not None:
        kind, text = "xfail", str(expected_failure).removeprefix("reason: ")
    else:
        kind = "skipped"
        text = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else report.longreprtext
        text = text.removeprefix("Skipped: ").removeprefix("Skipped")
    text = " ".join(text.split())
    return f"{kind}: {text}" if text else kind
