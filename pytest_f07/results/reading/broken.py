"""Read why a run broke, which left no metadata, from the junit.xml that it left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree import ElementTree

from pytest_f07.errors import one_line
from pytest_f07.results.failure_codes import BROKEN
from pytest_f07.variant.paths import Outputs

_BEFORE_REASON = ": not validated: "


@dataclass(frozen=True)
class Break:
    """The end of a run that could not be finished.

    :param when: when it began, in UTC, to the second; empty where junit.xml does not say.
    """

    when: str
    reason: str


def read_break(outputs: Outputs) -> Break | None:
    """Return why a variant's last run broke; None where it did not, or where nothing tells."""
    if outputs.metadata.exists():
        return None
    try:
        root = ElementTree.parse(outputs.junit_xml)
    except (OSError, ElementTree.ParseError):
        return None
    texts = (failure.text or "" for failure in root.iter("failure"))
    broken = next((text for text in texts if text.startswith(BROKEN)), None)
    if broken is None:
        return None
    when = next((suite.get("timestamp", "") for suite in root.iter("testsuite")), "")
    return Break(_to_utc(when), one_line(broken.partition(_BEFORE_REASON)[2]).rstrip("."))


def _to_utc(timestamp: str) -> str:
    try:
        return datetime.fromisoformat(timestamp).astimezone(UTC).isoformat()[:19]
    except ValueError:
        return ""
