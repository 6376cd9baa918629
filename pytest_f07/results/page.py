"""Collect the values of a run that the report's page shows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pytest_f07.results import metadata
from pytest_f07.results.base_rate_figure import draw_base_rates
from pytest_f07.results.checks import Check
from pytest_f07.results.comparison.compare import Comparison
from pytest_f07.results.comparison.history import HistoryEntry, read_history
from pytest_f07.results.figures import draw_pace
from pytest_f07.results.own_checks import OwnChecks
from pytest_f07.results.run_result import RunResult
from pytest_f07.results.server_record import describe_server
from pytest_f07.results.verdict import Verdict
from pytest_f07.variant.package import Model
from pytest_f07.variant.seal import FileSeal
from pytest_f07.variant.wording import counted

MAX_VERSION = 20  # characters; it is a text of the model file

SHOWN_RUNS = 12


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
    :param comparison_png: the models side by side; ``pace_png`` the pace of the replay; ``base_rates_png``
        F05's precision at the base rate here; None where it was not drawn.
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
    comparison_png: bytes | None = None
    pace_png: bytes | None = None
    base_rates_png: bytes | None = None
    history: Mapping[str, Sequence[HistoryEntry]] = field(default_factory=dict)
    comparison: Comparison | None = None
    checks: Sequence[Check] = ()
    outcome_text: str = "passed"
    own_checks: OwnChecks = field(default_factory=OwnChecks)

    @property
    def passed(self) -> int:
        """Return how many models passed."""
        return sum(not verdict.failures for verdict in self.verdicts.values())

    @property
    def outcome(self) -> str:
        """Return the verdict on the run: PASSED, FAILED or NOT COMPLETE."""
        if self.note is not None or len(self.verdicts) != self.expected:
            return "NOT COMPLETE"
        return "PASSED" if self.passed == self.expected and not self.own_checks.failed else "FAILED"

    @property
    def failed(self) -> list[Verdict]:
        """Return the verdicts of the models that failed."""
        return [verdict for verdict in self.verdicts.values() if verdict.failures]

    @property
    def comparison_alt(self) -> str:
        """Return the text that stands for the figure of the models side by side."""
        texts = [
            f"{name}: precision {values['precision']:.2f}, recall {values['recall']:.2f}, F1 {values['f1']:.2f}"
            for name, verdict in self.verdicts.items()
            if (values := verdict.values)
        ]
        return f"Precision, recall and F1 of each model. {'; '.join(texts)}."


def make_page(result: RunResult, note: str | None) -> Page:
    """Return the page of a run.

    :param note: why the run does not count; None where it is complete.
    """
    timings, comparison_png = result.timings, result.outputs.comparison_png
    failed = any(verdict.failures for verdict in result.verdicts.values())
    agreements = {
        name: agreement
        for name, verdict in result.verdicts.items()
        if verdict.assessment and (agreement := verdict.assessment.agreement) and agreement.expected is not None
    }
    pace = [(request.end - timings.begin, request.windows, request.seconds) for request in timings.completions]
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
        comparison_png=comparison_png.read_bytes() if comparison_png.is_file() else None,
        pace_png=draw_pace(pace) if pace else None,
        history=_history(result),
        base_rates_png=draw_base_rates(agreements) if agreements else None,
        comparison=result.comparison,
    )


def read_figures(result: RunResult, prediction_name: str) -> dict[str, bytes]:
    """Return one model's figures as PNG, by kind; none where the run broke before they were drawn."""
    outputs = result.outputs
    paths = {"confusion": outputs.confusion_png(prediction_name), "scores": outputs.scores_png(prediction_name)}
    return {kind: path.read_bytes() for kind, path in paths.items() if path.is_file()}


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
