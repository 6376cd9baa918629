"""A session of two models that holds no port and no lock, for tests of what a session says."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pytest_f07.endpoints.target import ManagedTarget
from pytest_f07.plugin.selection import Selection
from pytest_f07.plugin.session import ValidationSession
from pytest_f07.results.audit import ModelAudit
from pytest_f07.results.metrics import Metrics
from pytest_f07.results.verdict import Failure, Verdict
from pytest_f07.run.prepare import Prepared
from pytest_f07.run.reserve import Reservation
from pytest_f07.variant.params import Params
from tests.unit.small_run import model, run_result

NAMES = ("a", "a__b")
NODE = "manifest.json::test_runtime_validation[{}]"


def small_session(root: Path, collect_only: bool = False, sealed: bool = True) -> ValidationSession:
    """Return the session of v701 in the project's folder ``root``; its temporary folder is ``root / "staging"``."""
    manifest = replace(
        run_result(root, {}).manifest,
        listed=tuple((name, "v501", f"{name}__m") for name in NAMES),
        datasets=("v401",),
        files={} if sealed else None,
    )
    models = tuple(model(name, "v401") for name in NAMES)
    listener: Any = None
    target = ManagedTarget("127.0.0.1", 1, listener, "this run's name")
    began = datetime(2026, 1, 2, tzinfo=UTC)
    params, held, selection = Params("v601"), ExitStack(), Selection(manifest.project, "v701", collect_only)
    if collect_only:
        return ValidationSession(manifest, None, selection, root / "staging")
    session = ValidationSession(
        manifest, Reservation(manifest, params, target, held, began, False), selection, root / "staging"
    )
    session.prepared = Prepared(manifest, params, target, held, began, False, models, (), (), {})
    session.result = session.prepared.no_result(manifest.paths)
    return session


def passed_verdict(name: str) -> Verdict:
    """Return the verdict of a model with metrics."""
    return Verdict(name, Metrics(name, 3, 4, 1, 2, no_ref_pred_1=5), audit=ModelAudit())


def failed_verdict(name: str) -> Verdict:
    """Return the verdict of a model with metrics that failed once."""
    return replace(passed_verdict(name), failures=[Failure("F07-BOOKS", "no <balance>")])


def let_run(session: ValidationSession, *verdicts: Verdict, **values: Any) -> None:
    """Let all models of a session be selected, and its run be executed.

    :param values: other values of its result.
    """
    session.all_selected = session.started = True
    session.outcomes.expect({NODE.format(name): name for name in NAMES})
    for verdict in verdicts:
        node: str = NODE.format(verdict.prediction_name)
        outcome: Any = verdict.report_outcome
        session.outcomes.add(pytest.TestReport(node, ("m", 1, "t"), {}, outcome, None, "call"))
    for outputs in (session.manifest.paths, session.staged):
        outputs.report.mkdir(parents=True)
    by_name = {verdict.prediction_name: verdict for verdict in verdicts}
    session.result = replace(session.checked.no_result(session.outputs), verdicts=by_name, **values)
