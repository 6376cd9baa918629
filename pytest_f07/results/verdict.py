"""What is said of one model: its failures, each a sentence with a stable code, and its warnings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pytest_f07.equivalence.comparison import Equivalence
from pytest_f07.equivalence.infer import InferCheck
from pytest_f07.results import metric_table
from pytest_f07.results.audit import ModelAudit
from pytest_f07.results.counting import LogCounts
from pytest_f07.results.identity import ServedModel
from pytest_f07.results.metrics import Metrics
from pytest_f07.variant.package import Model
from pytest_f07.variant.wording import agreeing, counted

BROKEN = "F07-BROKEN"
IDENTITY = "F07-IDENTITY"
EMISSIONS = "F07-EMISSIONS"
BOOKS = "F07-BOOKS"
UNLABELLED = "F07-UNLABELLED"
THRESHOLD = "F07-THRESHOLD"
NONFINITE = "F07-NONFINITE"
INFER = "F07-INFER"
EQUIVALENCE = "F07-EQUIVALENCE"
REPEAT = "F07-REPEAT"
REQUIRED = "F07-REQUIRED"


@dataclass(frozen=True)
class Failure:
    """Why a model fails; ``code`` is stable, ``sentence`` says what, how often, where, and what to do."""

    code: str
    sentence: str


@dataclass
class Verdict:
    """All that a run says of one model.

    :param metrics: None where the run broke before there were any; ``audit`` too.
    :param differing: how many windows ``/infer`` answered otherwise, of ``asked_alone`` of them.
    :param equivalence: how far the log is from the oracle and from itself; None where the run broke.
    """

    prediction_name: str
    metrics: Metrics | None = None
    failures: list[Failure] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    audit: ModelAudit | None = None
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
                "proven": proven.proven,
                "distinct windows asked": f"{proven.asked:,}",
                "oracle says otherwise": f"{proven.differing:,}",
                "largest difference": f"{proven.largest_difference:.2g}" if compared else "–",
                "nearest to the threshold": f"{proven.smallest_distance:.2g}" if compared else "–",
                "tie": f"{proven.tie:.2g}" if compared else "–",
            }
        return lines

    @property
    def text(self) -> str:
        """The failures as the terminal and the report show them."""
        return "\n".join(f"{one.code}  {self.prediction_name}: {one.sentence}" for one in self.failures)

    @property
    def values(self) -> dict[str, int | float]:
        """The value of each metric by key; empty where the run broke."""
        if self.metrics is None or self.audit is None:
            return {}
        return metric_table.values(self.metrics.counts(self.audit))

    def row(self) -> dict[str, str | int | float]:
        """Return the model's row of metrics_per_model.csv; empty where there are no metrics."""
        return {"prediction_name": self.prediction_name, **self.values} if self.values else {}


def broken(prediction_name: str, reason: str) -> Verdict:
    """The verdict of every model where the run broke."""
    return Verdict(prediction_name, failures=[Failure(BROKEN, f"not validated: {reason}.")])


def judge(
    model: Model, served: ServedModel, log: LogCounts, infer_check: InferCheck, required: Mapping[str, float],
    equivalence: Equivalence,
) -> Verdict:  # fmt: skip
    """The verdict of a model whose run is whole.

    :param required: the least value of metrics, where params.yaml asks for any.
    :param equivalence: how far the log is from the oracle and from itself.
    """
    metrics, audit = log.metrics[model.prediction_name], log.audits[model.prediction_name]
    return Verdict(
        model.prediction_name,
        metrics,
        failures=[
            *_of_the_files(model, served),
            *_of_the_replay(log.fault, infer_check.fault(model.prediction_name)),
            *_of_the_books(model, metrics, audit),
            *_of_the_scores(model, served, audit),
            *_of_the_oracle(equivalence),
            *_of_the_requirements(metrics, metric_table.values(metrics.counts(audit)), required),
        ],
        warnings=_warnings(audit),
        audit=audit,
        differing=infer_check.differing(model.prediction_name),
        asked_alone=infer_check.windows,
        equivalence=equivalence,
    )


def _of_the_files(model: Model, served: ServedModel) -> Iterator[Failure]:
    if served.sha256 != served.expected_sha256:
        yield Failure(
            IDENTITY,
            f"the server serves another file (sha256 {served.sha256[:12]}…, the package has "
            f"{served.expected_sha256[:12]}…). Nothing it answered counts.",
        )
    if (oracle := served.oracle) is None:
        return
    codes = len(model.vectorization.vocabulary)
    for what, ours, theirs in (
        ("file (sha256)", f"{served.expected_sha256[:12]}…", f"{oracle.sha256[:12]}…"),
        ("threshold", model.threshold, oracle.threshold),
        ("number of codes in the vocabulary", codes, oracle.vocabulary),
    ):
        if ours != theirs:
            yield Failure(
                IDENTITY,
                f"run and oracle read another {what}: {ours} and {theirs}. Was the package changed during the run? "
                "Run again; if it stays, report it.",
            )


def _of_the_replay(log_fault: str | None, infer_fault: str | None) -> Iterator[Failure]:
    if log_fault:
        yield Failure(EMISSIONS, f"not every emission was answered exactly once: {log_fault}.")
    if infer_fault:
        yield Failure(INFER, f"/infer and /infer_batch disagree: {infer_fault}.")


def _of_the_books(model: Model, metrics: Metrics, audit: ModelAudit) -> Iterator[Failure]:
    if metrics.emissions != audit.emissions:
        yield Failure(
            BOOKS,
            f"the books do not balance: {metrics.referenced:,} reference rows + {metrics.no_ref_total:,} without "
            f"reference + {metrics.seen_elsewhere:,} known windows of other datasets are not the "
            f"{audit.emissions:,} emissions.",
        )
    if not metrics.referenced:
        yield Failure(
            UNLABELLED,
            f"none of the {counted(audit.own.windows, 'row')} of its own dataset {model.source_f04} is labelled, so "
            "there is nothing to compare with. Label the dataset (F04) and package it again.",
        )


def _of_the_scores(model: Model, served: ServedModel, audit: ModelAudit) -> Iterator[Failure]:
    if audit.wrong_pred:
        yield Failure(
            THRESHOLD,
            f"y_pred is not y_prob >= {model.threshold} in {audit.wrong_pred:,} of {counted(audit.emissions, 'row')}; "
            f"the first: {audit.example}.",
        )
    if audit.own.non_finite:
        yield Failure(
            NONFINITE,
            f"{audit.own.non_finite:,} of {counted(audit.own.windows, 'score')} of its own dataset {model.source_f04} "
            f"{agreeing(audit.own.non_finite, 'is not a number', 'are not numbers')}; {_why(served)}",
        )


def _of_the_oracle(equivalence: Equivalence) -> Iterator[Failure]:
    if equivalence.fault:
        yield Failure(EQUIVALENCE, f"the runtime does not say what F05 would have said: {equivalence.fault}.")
    elif equivalence.with_oracle and not equivalence.windows:
        yield Failure(EQUIVALENCE, "no window was held against the oracle, so nothing is proven.")
    if equivalence.repeats.fault:
        yield Failure(REPEAT, f"equal windows have unequal scores: {equivalence.repeats.fault}.")


def _of_the_requirements(
    metrics: Metrics, values: Mapping[str, float], required: Mapping[str, float]
) -> Iterator[Failure]:
    for name, least in required.items():
        value = float(values[name])
        if metrics.referenced and value < least:
            shown = f"{value:.4f}" if round(value, 4) < least else repr(value)
            yield Failure(REQUIRED, f"its {name} is {shown}; params.yaml requires at least {least}.")


def _why(served: ServedModel) -> str:
    if served.broken_layers:
        layers = ", ".join(repr(name) for name in served.broken_layers)
        plural = "s" if len(served.broken_layers) > 1 else ""
        return (
            f"the weights of layer{plural} {layers} are NaN or infinite. Train it again (a masked embedding trained on "
            "empty windows does this)."
        )
    if served.needs_a_code:
        return (
            "the model pools over a mask, and a window without a known code leaves nothing to pool. Train it without "
            "mask_zero, or keep such windows out of its dataset."
        )
    return "its weights are numbers, so the scores overflow on the way. Train it again with smaller weights."


def _warnings(audit: ModelAudit) -> list[str]:
    warnings = []
    if elsewhere := audit.non_finite - audit.own.non_finite:
        verb = agreeing(elsewhere, "is not a number", "are not numbers")
        warnings.append(f"{counted(elsewhere, 'score')} of other datasets {verb}")
    if audit.constant:
        warnings.append(f"every window has the same score, {audit.smallest}")
    return warnings
