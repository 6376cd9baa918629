"""What is said of one model: its failures, each a sentence with a stable code, and its warnings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pytest_f07.equivalence.comparison import Equivalence
from pytest_f07.equivalence.infer import Sampled
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
EQUIVALENCE = "F07-EQUIVALENCE"
REQUIRED = "F07-REQUIRED"


@dataclass(frozen=True)
class Failure:
    """Why a model fails; ``code`` is stable, ``sentence`` says what, how often, where, and what to do."""

    code: str
    sentence: str


@dataclass
class Verdict:
    """All that a run says of one model.

    :param metrics: None where the run broke before there were any; ``found`` and ``non_finite`` too.
    :param differing: how many windows ``/infer`` answered otherwise, of ``asked_alone`` of them.
    :param equivalence: None where nothing was held against the oracle.
    """

    prediction_name: str
    metrics: Metrics | None = None
    non_finite: int | None = None
    failures: list[Failure] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    found: ModelAudit | None = None
    differing: int = 0
    asked_alone: int = 0
    equivalence: Equivalence | None = None

    @property
    def asked_again(self) -> dict[str, str]:
        """How the runtime was held against other ways of asking, as the report shows it; empty where it broke."""
        if not self.asked_alone:
            return {}
        lines = {"asked alone (/infer)": f"{self.asked_alone:,}", "answered otherwise": f"{self.differing:,}"}
        if (proven := self.equivalence) is not None:
            compared = proven.windows > 0
            lines |= {
                "asked of the oracle": f"{proven.windows:,}",
                "oracle says otherwise": f"{proven.differing:,}",
                "largest difference": f"{proven.largest_difference:.2g}" if compared else "–",
                "nearest to the threshold": f"{proven.least_distance:.2g}" if compared else "–",
            }
        return lines

    @property
    def text(self) -> str:
        """The failures as the terminal and the report show them."""
        return "\n".join(f"{one.code}  {self.prediction_name}: {one.sentence}" for one in self.failures)

    def row(self) -> dict[str, str | int | float]:
        """The model's row of metrics_per_model.csv; empty where there are no metrics."""
        if self.metrics is None or self.non_finite is None:
            return {}
        row = {**self.metrics.row(), "non_finite": self.non_finite, "base_rate": self.metrics.base_rate}
        return {**row, **self.found.shares()} if self.found else row


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


def judge(
    model: Model, loaded: Loaded, audit: Audit, metrics: Metrics, sampled: Sampled, required: Mapping[str, float],
    equivalence: Equivalence | None = None,
) -> Verdict:  # fmt: skip
    """The verdict of a model whose run is whole.

    :param required: the least value of metrics, where params.yaml asks for any.
    :param equivalence: what the oracle says, where it was asked.
    """
    found = audit.models[model.prediction_name]
    return Verdict(
        model.prediction_name,
        metrics,
        found.non_finite,
        failures=[
            *_of_the_replay(loaded, audit.fault, sampled.fault(model.prediction_name)),
            *_of_the_books(model, metrics, found),
            *_of_the_scores(model, loaded, found),
            *_of_the_oracle(equivalence),
            *_of_the_requirements(metrics, required),
        ],
        warnings=_warnings(model, found),
        found=found,
        differing=sampled.differing(model.prediction_name),
        asked_alone=sampled.size,
        equivalence=equivalence,
    )


def _of_the_replay(loaded: Loaded, log_fault: str | None, infer_fault: str | None) -> Iterator[Failure]:
    if loaded.sha256 != loaded.expected:
        yield Failure(
            IDENTITY,
            f"the server serves another file (sha256 {loaded.sha256[:12]}…, the package has {loaded.expected[:12]}…). "
            "Nothing it answered counts.",
        )
    if log_fault:
        yield Failure(EMISSIONS, f"not every emission was answered exactly once: {log_fault}.")
    if infer_fault:
        yield Failure(INFER, f"/infer and /infer_batch disagree: {infer_fault}.")


def _of_the_books(model: Model, metrics: Metrics, found: ModelAudit) -> Iterator[Failure]:
    if metrics.emissions != found.emissions:
        yield Failure(
            BOOKS,
            f"the books do not balance: {metrics.referenced:,} reference rows + {metrics.no_ref_total:,} without "
            f"reference + {metrics.seen_elsewhere:,} known windows of other datasets are not the "
            f"{found.emissions:,} emissions.",
        )
    if not metrics.referenced:
        yield Failure(
            UNLABELLED,
            f"none of the {found.own_rows:,} rows of its own dataset {model.source_f04} is labelled, so there is "
            "nothing to compare with. Label the dataset (F04) and package it again.",
        )


def _of_the_scores(model: Model, loaded: Loaded, found: ModelAudit) -> Iterator[Failure]:
    if found.wrong_pred:
        yield Failure(
            THRESHOLD,
            f"y_pred is not y_prob >= {model.threshold} in {found.wrong_pred:,} of {found.emissions:,} rows; "
            f"the first: {found.example}.",
        )
    if found.own_non_finite:
        yield Failure(
            NONFINITE,
            f"{found.own_non_finite:,} of {found.own_rows:,} scores of its own dataset {model.source_f04} are not "
            f"numbers; {_why(loaded)}",
        )


def _of_the_oracle(equivalence: Equivalence | None) -> Iterator[Failure]:
    if equivalence and equivalence.fault:
        yield Failure(EQUIVALENCE, f"the runtime does not say what F05 would have said: {equivalence.fault}.")


def _of_the_requirements(metrics: Metrics, required: Mapping[str, float]) -> Iterator[Failure]:
    for name, least in required.items():
        value = float(metrics.row()[name])
        if metrics.referenced and value < least:
            shown = f"{value:.4f}" if round(value, 4) < least else repr(value)
            yield Failure(REQUIRED, f"its {name} is {shown}; params.yaml requires at least {least}.")


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


def _warnings(model: Model, found: ModelAudit) -> list[str]:
    warnings = []
    if model.precision != "float32":
        warnings.append(f"it computes in {model.precision}: scores count as equal up to {model.tolerance:g} apart")
    if found.least < 0 or found.most > 1:
        warnings.append(
            f"its scores run from {found.least:.4g} to {found.most:.4g}, not from 0 to 1: it ends in no sigmoid, "
            f"and {model.threshold:g} is compared with them as they are"
        )
    if elsewhere := found.non_finite - found.own_non_finite:
        warnings.append(f"{elsewhere:,} scores of other datasets are not numbers")
    if found.constant:
        warnings.append(f"every window has the same score, {found.least}")
    return warnings
