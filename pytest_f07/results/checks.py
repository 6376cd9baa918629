"""List the nine checks of a run: which were done, and why the others could not be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_f07.endpoints.endpoint import Provides
from pytest_f07.results.own_checks import describe, recorded_outcomes

SWITCHED_OFF = "equivalence is off in params.yaml"
LABELS_ALONE = "the server gives labels alone"


@dataclass(frozen=True)
class Check:
    """One check of a run.

    :param key: its name in metadata and JUnit.
    :param title: its name in the report.
    :param reason: why it could not be done; empty where it was.
    :param is_off: whether params.yaml says not to do it.
    """

    key: str
    title: str
    reason: str = ""
    is_off: bool = False

    @property
    def state(self) -> str:
        """Return "done", "off" or "not possible"."""
        return "off" if self.is_off else "not possible" if self.reason else "done"

    @property
    def text(self) -> str:
        """Return the state and, where it was not done, the reason."""
        return f"{self.state}: {self.reason}" if self.reason else self.state


def list_checks(provides: Provides, is_off: bool) -> tuple[Check, ...]:
    """Return the checks of a run.

    :param provides: what the server's answers tell.
    :param is_off: whether the oracle was not asked.
    """
    rows = "" if provides.rows != "place" else "an answer does not tell which rows it is of; the oracle alone sees it"
    identity = "" if provides.identity else "the server does not tell which model files it serves"
    threshold = "" if provides.scores else LABELS_ALONE
    if provides.scores and not provides.labels:
        threshold = "the server gives scores alone, and the run applies the threshold"
    scores_are_off = is_off and provides.scores
    return (
        Check("emissions", "Emissions complete"),
        Check("rows", "Rows matched", rows),
        Check("identity", "Identity of the models", identity),
        Check("threshold", "Threshold", threshold),
        Check("infer", "/infer answers the same", "" if provides.single else "the server has no route for one window"),
        Check(
            "equivalence_scores",
            "Equivalence of scores",
            SWITCHED_OFF if scores_are_off else "" if provides.scores else LABELS_ALONE,
            scores_are_off,
        ),
        Check("equivalence_labels", "Equivalence of labels", SWITCHED_OFF if is_off else "", is_off),
        Check(
            "non_finite",
            "Scores that are not numbers",
            f"{LABELS_ALONE}, and the oracle was not asked" if is_off and provides.non_finite == "none" else "",
        ),
        Check("repeat", "The same rows asked twice"),
    )


def outcome_text(outcome: str, checks: Sequence[Check], tolerance: float | None = None) -> str:
    """Return ``passed, 3 of 9 checks not possible``: the outcome, and what it is worth.

    :param tolerance: how far scores may be apart, where params.yaml says so.
    """
    within = "" if tolerance is None else f" with scores up to {tolerance:g} apart"
    missing = sum(check.state == "not possible" for check in checks)
    return f"{outcome}{within}, {missing} of {len(checks)} checks not possible" if missing else f"{outcome}{within}"


def describe_outcome(document: Mapping[str, Any]) -> str:
    """Return the outcome of a run, what it is worth, and, where the run did not start the server, which it was."""
    checks, server = document.get("checks"), document.get("server")
    text = str(document["outcome"])
    if isinstance(checks, dict):
        missing = sum(str(state).startswith("not possible") for state in checks.values())
        text += f", {missing} of {len(checks)} checks not possible" if missing else ""
    if own_checks := describe(list(recorded_outcomes(document).values())):
        text += f", {own_checks}"
    if isinstance(server, dict) and server.get("started_by_run") is False:
        text += f", by the server at {server.get('url')} ({server.get('protocol')})"
    return text
