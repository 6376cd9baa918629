"""Hold the result of a run, from which report, terminal, JUnit, metadata and notebook are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pytest_f07.endpoints.endpoint import Provides
from pytest_f07.replay.process import log_tail
from pytest_f07.replay.replay import Timings
from pytest_f07.results.checks import Check, list_checks, outcome_text
from pytest_f07.results.comparison.compare import Comparison
from pytest_f07.results.own_checks import OwnChecks
from pytest_f07.results.resumed import Resumed
from pytest_f07.results.verdict import Verdict
from pytest_f07.results.workers import Workers
from pytest_f07.variant.dataset import Dataset
from pytest_f07.variant.manifest import Manifest
from pytest_f07.variant.package import Model
from pytest_f07.variant.params import Params
from pytest_f07.variant.paths import Outputs


@dataclass(frozen=True)
class RunResult:
    """The result of a run, complete or broken.

    :param outputs: where its artefacts are.
    :param began: when its check began, in UTC.
    :param verdicts: by prediction_name, in the package's order; empty before the run was executed.
    :param broken: why it could not be finished; None where it is complete.
    :param server: which server was validated: address, protocol, whether the run started it.
    :param provides: what its answers tell; None where it never answered.
    :param identity: the server's answer to ``GET /``; empty where it never answered.
    :param stage_seconds: the wall time of each stage.
    :param incoherences: a sentence for each thing in the package that contradicts itself.
    :param comparison: what changed since an earlier run; None where none was named.
    :param own_checks: the user's own checks, once they have ended.
    :param resumed: what it took of a run that died; None where it was not asked to.
    :param workers: of a cluster, which replayed it; None where this machine did.
    :param records: what each model was, by prediction_name, for a later run to compare with.
    """

    manifest: Manifest
    params: Params
    models: tuple[Model, ...]
    datasets: tuple[Dataset, ...]
    outputs: Outputs
    began: datetime
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    broken: str | None = None
    identity: Mapping[str, Any] = field(default_factory=dict)
    timings: Timings = field(default_factory=Timings)
    stage_seconds: Mapping[str, float] = field(default_factory=dict)
    comparison: Comparison | None = None
    resumed: Resumed | None = None
    workers: Workers | None = None
    records: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    incoherences: tuple[str, ...] = ()
    server: Mapping[str, Any] = field(default_factory=dict)
    provides: Provides | None = None
    own_checks: OwnChecks = field(default_factory=OwnChecks)

    @property
    def variant(self) -> str:
        """Return the variant's name."""
        return self.manifest.paths.name

    @property
    def package(self) -> str:
        """Return the name of the F06 package."""
        return self.manifest.package.name

    @property
    def counts(self) -> dict[str, int]:
        """Return how many windows were sent, and how many predictions were asked for."""
        windows = sum(dataset.rows for dataset in self.datasets)
        return {"windows": windows, "predictions": windows * len(self.models)}

    @property
    def checks(self) -> tuple[Check, ...]:
        """Return the nine checks; none where the server never answered."""
        is_off = self.params.equivalence.mode == "off"
        return () if self.provides is None else list_checks(self.provides, is_off)

    @property
    def outcome(self) -> str:
        """Return "passed", or "failed" where a model or an own check failed."""
        failed = self.own_checks.failed or any(verdict.failures for verdict in self.verdicts.values())
        return "failed" if failed else "passed"

    @property
    def outcome_text(self) -> str:
        """Return the outcome in words, and what it is worth: ``passed, 3 of 9 checks not possible``."""
        return outcome_text(self.outcome, self.checks, self.params.equivalence.tolerance)

    @property
    def warnings(self) -> list[str]:
        """Return the warnings of all models and of the run, in sentences; none of them fails a model."""
        warnings = [
            f"{verdict.prediction_name}: {text}" for verdict in self.verdicts.values() for text in verdict.warnings
        ]
        warnings = [*self.incoherences, *warnings, *(self.comparison.differences if self.comparison else [])]
        warnings += self.workers.warnings if self.workers else []
        if self.provides and not self.provides.raw:
            warnings.insert(0, "vectorized by the validator: the deployed pre-processing is not part of this run")
        if self.params.equivalence.mode == "off":
            warnings.insert(
                0, "equivalence is off: no prediction was held against the oracle, so they are not proven to be F05's"
            )
        if self.manifest.files is None:
            warnings.insert(
                0,
                f"the manifest of {self.variant} is not sealed (an older tool made it): nobody can tell whether the "
                "package is the one it was made of",
            )
        return warnings

    @property
    def log_tail(self) -> list[str]:
        """Return the last lines of the server's log."""
        return log_tail(self.outputs.server_log)
