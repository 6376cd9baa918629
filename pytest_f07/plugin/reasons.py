"""Return in one line why an item did not pass, from pytest's report of it."""

from __future__ import annotations

import pytest

from pytest_f07.errors import one_line


def skip_reason(report: pytest.TestReport) -> str:
    """Return why an item was not judged: ``skipped: no database here``."""
    expected_failure = getattr(report, "wasxfail", None)
    if expected_failure is not None:
        kind, text = "xfail", str(expected_failure).removeprefix("reason: ")
    else:
        kind = "skipped"
        text = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else report.longreprtext
        text = text.removeprefix("Skipped: ").removeprefix("Skipped")
    text = one_line(text)
    return f"{kind}: {text}" if text else kind


def failure_reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Return why an item failed: its assertion or error, without the lines that led to it."""
    crash = getattr(report.longrepr, "reprcrash", None)
    text = str(crash.message) if crash else report.longreprtext
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    # pytest marks the lines that say what is wrong
    marked = [line.removeprefix("E ").strip() for line in lines if line.startswith("E ")]
    return next(iter((*marked, *lines)), "no reason given")
