"""Collect the values of a run that the report's page shows."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pytest_f07.results import metadata
from pytest_f07.results.chart import Chart
from pytest_f07.results.checks import Check
from pytest_f07.results.comparison.compare import Comparison
from pytest_f07.results.comparison.history import HistoryEntry, read_history
from pytest_f07.results.f05 import F05
from pytest_f07.results.figures import ComparisonPoint
from pytest_f07.results.own_checks import OwnChecks
from pytest_f07.results.run_charts import describe_base_rates, describe_models, describe_pace
from pytest_f07.results.run_result import RunResult
from pytest_f07.results.scores import SHOWN_ROWS
from pytest_f07.results.server_record import describe_server
from pytest_f07.results.verdict import Verdict
from pytest_f07.variant.package import Model
from pytest_f07.variant.seal import FileSeal
from pytest_f07.variant.wording import counted

MAX_VERSION = 20  # characters; it is a text of the model file

SHOWN_RUNS = 12
DRAWN_REQUESTS = 24  # fewer are a line of two points

MANY_MODELS, FEW_ROWS = 50, 2
JSON = ("f07", "f07-json")  # protocols that take a window as JSON


@dataclass(frozen=True)
class Page:
    """The values that the page shows.

    :param expected: the number of models to judge.
    :param note: why the run does not count; None where it is complete.
    :param checks: which checks were done; ``outcome_text`` is the outcome and what it is worth.
    :param own_checks: how the user's own checks ended.
    :param began: when the run began, in ISO form; ``seconds`` is its duration.
    :param counts: windows and predictions.
    :param latency: p50_ms, p95_ms and p99_ms of a request.
    :param log_tail: the last lines of the server's log, where something failed.
    :param files: the package's seal.
    :param side_by_side: the picture of the models; ``pace`` of the replay; ``base_rates`` of F05's precision at the
        base rate here; None where there is nothing to draw.
    :param not_judged: the models whose verdict the session does not report; all where the run ``is_broken``.
    :param server_url: where a row can be asked again; ``speaks_json`` is whether with a window as JSON, and
        ``is_running`` whether it was there before the run.
    :param history: the runs of each model that has more than this one, the oldest first.
    """

    variant: str
    package: str
    models: Sequence[Model]
    verdicts: Mapping[str, Verdict]
    expected: int
    note: str | None
    began: str
    seconds: float
    counts: Mapping[str, int]
    windows_per_second: float
    latency: Mapping[str, float]
    requests: int
    warnings: Sequence[str]
    log_tail: Sequence[str]
    provenance: Mapping[str, str]
    files: Mapping[str, FileSeal] = field(default_factory=dict)
    side_by_side: Chart | None = None
    pace: Chart | None = None
    base_rates: Chart | None = None
    history: Mapping[str, Sequence[HistoryEntry]] = field(default_factory=dict)
    comparison: Comparison | None = None
    checks: Sequence[Check] = ()
    outcome_text: str = "passed"
    own_checks: OwnChecks = field(default_factory=OwnChecks)
    not_judged: Collection[str] = ()
    is_broken: bool = False
    server_url: str = "http://127.0.0.1:5005"
    speaks_json: bool = True
    is_running: bool = False

    def status(self, name: str) -> str:
        """Return "passed", "failed" or "not judged"."""
        if self.is_broken or name in self.not_judged or name not in self.verdicts:
            return "not judged"
        return "failed" if self.verdicts[name].failures else "passed"

    @property
    def judged(self) -> int:
        """Return how many models were judged."""
        return sum(self.status(name) != "not judged" for name in self.verdicts)

    @property
    def passed(self) -> int:
        """Return how many models passed."""
        return sum(self.status(name) == "passed" for name in self.verdicts)

    @property
    def outcome(self) -> str:
        """Return the verdict on the run: PASSED, FAILED or NOT COMPLETE."""
        if self.note is not None or self.judged != self.expected:
            return "NOT COMPLETE"
        return "PASSED" if self.passed == self.expected and not self.own_checks.failed else "FAILED"

    @property
    def failed(self) -> list[Verdict]:
        """Return the verdicts of the models that failed."""
        return [verdict for name, verdict in self.verdicts.items() if self.status(name) == "failed"]

    @property
    def failures(self) -> dict[str, dict[str, list[str]]]:
        """Return the models that failed, by code and sentence."""
        groups: dict[str, dict[str, list[str]]] = {}
        for verdict in self.failed:
            for failure in verdict.failures:
                groups.setdefault(failure.code, {}).setdefault(failure.sentence, []).append(verdict.prediction_name)
        return groups

    @property
    def is_proven(self) -> bool:
        """Return whether answers were held against what the package's models compute."""
        return all(check.state == "done" for check in self.checks if check.key == "equivalence_labels")

    @property
    def is_large(self) -> bool:
        """Return whether so many models are shown that each has less room."""
        return len(self.verdicts) > MANY_MODELS

    @property
    def examples(self) -> int:
        """Return how many examples of each kind a model shows."""
        return FEW_ROWS if self.is_large else SHOWN_ROWS


def make_page(result: RunResult, note: str | None, not_judged: Collection[str] = ()) -> Page:
    """Return the page of a run.

    :param note: why the run does not count; None where it is complete.
    :param not_judged: the models whose verdict the session does not report.
    """
    timings = result.timings
    failed = any(verdict.failures for verdict in result.verdicts.values())
    agreements = {
        name: agreement
        for name, verdict in result.verdicts.items()
        if verdict.assessment and (agreement := verdict.assessment.agreement) and agreement.expected is not None
    }
    begin = timings.begin
    pace = [(request.end - begin, request.windows, request.seconds) for request in timings.completions]
    return Page(
        variant=result.variant,
        package=result.package,
        models=result.models,
        verdicts=result.verdicts,
        expected=len(result.manifest.prediction_names),
        note=note,
        checks=result.checks,
        outcome_text=result.outcome_text,
        own_checks=result.own_checks,
        began=f"{result.began:%Y-%m-%d %H:%M:%S} UTC",
        seconds=(datetime.now(UTC) - result.began).total_seconds(),
        counts={} if result.broken else result.counts,
        windows_per_second=timings.windows_per_second,
        latency=metadata.latency(timings.latencies),
        requests=len(timings.completions),
        warnings=result.warnings,
        log_tail=result.log_tail if failed else [],
        provenance=_provenance(result),
        files=result.manifest.files or {},
        side_by_side=_side_by_side(result),
        pace=describe_pace(pace) if len(pace) >= DRAWN_REQUESTS else None,
        history=_history(result),
        base_rates=describe_base_rates(agreements) if agreements else None,
        not_judged=not_judged,
        is_broken=result.broken is not None,
        **_address(result),
        comparison=result.comparison,
    )


def _side_by_side(result: RunResult) -> Chart | None:
    """Return the picture of the models that have metrics; None where none has."""
    points = [
        ComparisonPoint(
            model.prediction_name,
            verdict.measured,
            F05.from_summary(model.summary).metrics,
        )
        for model in result.models
        if (verdict := result.verdicts.get(model.prediction_name)) and verdict.values
    ]
    return describe_models(points) if points else None


def _address(result: RunResult) -> dict[str, Any]:
    """Return where a row can be asked again: the server that was validated, or serve7's."""
    if result.server and not result.server.get("started_by_run"):
        protocol = str(result.server.get("protocol"))
        return {"server_url": str(result.server.get("url")), "speaks_json": protocol in JSON, "is_running": True}
    host = f"[{result.params.host}]" if ":" in result.params.host else result.params.host
    return {"server_url": f"http://{host}:{result.params.port or 5005}"}


def _history(result: RunResult) -> dict[str, list[HistoryEntry]]:
    """Return the runs of each model up to this one, the newest of them; nothing of a model that has this one alone."""
    if result.broken:
        return {}
    names, current = list(result.verdicts), metadata.describe_models(result)
    history = read_history(result.manifest.project, names, current)
    return {name: entries[-SHOWN_RUNS:] for name, entries in history.items() if len(entries) > 1}


def _provenance(result: RunResult) -> dict[str, str]:
    """Return the facts of what was validated and with which software, by name."""
    manifest, params = result.manifest, result.params
    software = metadata.versions(result.identity.get("versions", {}))
    sides = {f"{side} {name}": version for side in ("client", "server") for name, version in software.pop(side).items()}
    return {
        "variant": result.variant,
        "package": result.package,
        "server": describe_server(result.server),
        **({"workers": result.workers.text} if result.workers else {}),
        "sealed": "no" if manifest.files is None else f"yes, {counted(len(manifest.files), 'file')}",
        "manifest sha256": manifest.digest,
        "git commit": metadata.git_commit(manifest.project.root),
        "batch_size": str(params.batch_size),
        "sample_size": str(params.sample_size or "all rows"),
        "equivalence": json.dumps(params.equivalence.document()).strip('"'),
        **({"require": json.dumps(params.require)} if params.require else {}),
        "models saved by": _makers(result.models),
        **software,
        **sides,
    }


def _makers(models: Sequence[Model]) -> str:
    """Return the versions of Keras that saved the models, each with its models."""
    makers: dict[str, list[str]] = {}
    for model in models:
        makers.setdefault(f"Keras {model.keras_version[:MAX_VERSION]}", []).append(model.prediction_name)
    return "; ".join(f"{maker} ({', '.join(names)})" for maker, names in makers.items())
