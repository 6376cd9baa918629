"""What is said of one model: its failures, each a sentence with a stable code, and its warnings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pytest_f07.replay.sample import Sampled
from pytest_f07.results.audit import Audit, ModelAudit
from pytest_f07.results.metrics import Metrics
from pytest_f07.variant.package import Model

BROKEN = "F07-BROKEN"
IDENTITY = "F07-IDENTITY"
EMISSIONS = "F07-EMISSIONS"
BOOKS = "F07-BOOKS"
UNLABELLED = "F07-UNLABELLED"
THRESHOLD = "F07-THRESHOLD"
NONFINITE = "F07-NONFINITE"
INFER = "F07-INFER"


@dataclass(frozen=True)
class Failure:
    """Why a model fails; ``code`` is stable, ``sentence`` says what, how often, where, and what to do."""

    code: str
    sentence: str


@dataclass
class Verdict:
    """All that a run says of one model.

    :param metrics: None where the run broke before there were any.
    """

    prediction_name: str
    metrics: Metrics | None = None
    non_finite: int | None = None
    failures: list[Failure] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The failures as the terminal and the report show them."""
        return "\n".join(f"{one.code}  {self.prediction_name}: {one.sentence}" for one in self.failures)

    def row(self) -> dict[str, str | int | float]:
        """The model's row of metrics_per_model.csv; empty where there are no metrics."""
        if self.metrics is None or self.non_finite is None:
            return {}
        return {**self.metrics.row(), "non_finite": self.non_finite}


@dataclass(frozen=True)
class Loaded:
    """What the server says of a model it serves.

    :param expected: the sha256 that the model file has.
    """

    sha256: str
    expected: str
    broken_layers: Sequence[str]
    needs_a_code: bool


def broken(prediction_name: str, reason: str) -> Verdict:
    """The verdict of every model where the run broke."""
    return Verdict(prediction_name, failures=[Failure(BROKEN, f"not validated: {reason}.")])


def judge(model: Model, loaded: Loaded, audit: Audit, metrics: Metrics, sampled: Sampled) -> Verdict:
    """The verdict of a model whose run is whole."""
    found = audit.models[model.prediction_name]
    verdict = Verdict(model.prediction_name, metrics, found.non_finite)
    fail = lambda code, sentence: verdict.failures.append(Failure(code, sentence))  # noqa: E731
    if loaded.sha256 != loaded.expected:
        fail(IDENTITY, f"the server serves another file (sha256 {loaded.sha256[:12]}…, the package has "
                       f"{loaded.expected[:12]}…). Nothing it answered counts.")  # fmt: skip
    if audit.fault:
        fail(EMISSIONS, f"not every emission was answered exactly once: {audit.fault}.")
    if metrics.emissions != found.emissions:
        fail(BOOKS, f"the books do not balance: {metrics.referenced:,} reference rows + {metrics.no_ref_total:,} without "
                    f"reference + {metrics.seen_elsewhere:,} known windows of other datasets are not the "
                    f"{found.emissions:,} emissions.")  # fmt: skip
    if not metrics.referenced:
        fail(UNLABELLED, f"none of the {found.own_rows:,} rows of its own dataset {model.source_f04} is labelled, so there "
                         "is nothing to compare with. Label the dataset (F04) and package it again.")  # fmt: skip
    if found.wrong_pred:
        fail(THRESHOLD, f"y_pred is not y_prob >= {model.threshold} in {found.wrong_pred:,} of {found.emissions:,} "
                        f"rows; the first: {found.example}.")  # fmt: skip
    if found.own_non_finite:
        fail(NONFINITE, f"{found.own_non_finite:,} of {found.own_rows:,} scores of its own dataset {model.source_f04} are "
                        f"not numbers; {_why(loaded)}")  # fmt: skip
    if fault := sampled.fault(model.prediction_name):
        fail(INFER, f"/infer and /infer_batch disagree: {fault}.")
    verdict.warnings = _warnings(found)
    return verdict


def _why(loaded: Loaded) -> str:
    if loaded.broken_layers:
        layers = ", ".join(repr(name) for name in loaded.broken_layers)
        plural = "s" if len(loaded.broken_layers) > 1 else ""
        return (
            f"the weights of layer{plural} {layers} are NaN or infinite. Train it again (a masked embedding trained on "
            "empty windows does this)."
        )
    if loaded.needs_a_code:
        return (
            "the model pools over a mask, and a window without a known code leaves nothing to pool. Train it without "
            "mask_zero, or keep such windows out of its dataset."
        )
    return "its weights are numbers, so the scores overflow on the way. Train it again with smaller weights."


def _warnings(found: ModelAudit) -> list[str]:
    warnings = []
    if elsewhere := found.non_finite - found.own_non_finite:
        warnings.append(f"{elsewhere:,} scores of other datasets are not numbers")
    if found.constant:
        warnings.append(f"every window has the same score, {found.least}")
    return warnings
