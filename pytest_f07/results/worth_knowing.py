"""Say what is worth knowing of a model and fails nothing: each a sentence with its cause and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_f07.equivalence.comparison import Equivalence
from pytest_f07.results.audit import ModelAudit
from pytest_f07.results.identity import ServedModel
from pytest_f07.results.non_finite import NonFiniteWindows
from pytest_f07.variant.package import Model
from pytest_f07.variant.wording import agreeing, counted

# From this share of the codes of a dataset on, the model sees too little of it.
MANY_UNKNOWN = 0.25


def remarks(model: Model, served: ServedModel, audit: ModelAudit, equivalence: Equivalence) -> list[str]:
    """Return the sentences on one model."""
    return [
        *_on_scores(model, audit),
        *_on_non_finite(model, served, audit, equivalence),
        *_on_one_answer(model, audit),
        *_on_unknown_codes(model, audit),
    ]


def _on_scores(model: Model, audit: ModelAudit) -> Iterator[str]:
    if model.precision != "float32":
        yield f"it computes in {model.precision}: scores count as equal up to {model.tolerance:g} apart"
    if audit.smallest < 0 or audit.largest > 1:
        yield (
            f"its scores run from {audit.smallest:.4g} to {audit.largest:.4g}, not from 0 to 1: it ends in no sigmoid, "
            f"and {model.threshold:g} is compared with them as they are"
        )


def _on_non_finite(model: Model, served: ServedModel, audit: ModelAudit, equivalence: Equivalence) -> Iterator[str]:
    if elsewhere := audit.non_finite - audit.own.non_finite:
        others = [name for name in audit.datasets if name != model.source_f04]
        all_of_them = "all " if 1 < elsewhere == sum(audit.datasets[name].windows for name in others) else ""
        which = "" if all_of_them else which_windows(audit, others)
        verb = agreeing(elsewhere, "is not a number", "are not numbers")
        cause = explain_non_finite(model, served, audit, equivalence, others).removesuffix(".")
        yield f"{all_of_them}{counted(elsewhere, 'score')} of other datasets {verb}{which}: {cause}"


def _on_one_answer(model: Model, audit: ModelAudit) -> Iterator[str]:
    own = audit.own
    if audit.constant:
        yield f"every window has the same score, {audit.smallest}"
    elif own.windows > 1 and not own.non_finite and own.predicted_1 in (0, own.windows):
        answer = 1 if own.predicted_1 else 0
        side = "reaches" if answer else "stays below"
        cause = f": every score {side} the threshold, {model.threshold:g}" if audit.has_scores else ""
        yield (
            f"it answers {answer} to each of the {own.windows:,} windows of its own dataset {model.source_f04}{cause}. "
            "Move the threshold, or train it again with both labels in balance"
        )


def _on_unknown_codes(model: Model, audit: ModelAudit) -> Iterator[str]:
    for name, stats in audit.datasets.items():
        if stats.codes and stats.unknown / stats.codes >= MANY_UNKNOWN:
            subject, remedy = f"dataset {name}", "its answers there tell little"
            if name == model.source_f04:
                subject, remedy = f"its own dataset {name}", "train it again with a vocabulary of this dataset"
            yield (
                f"{stats.unknown / stats.codes:.0%} of the codes of {subject} are not in its vocabulary, so it does "
                f"not see them: {remedy}"
            )


def which_windows(audit: ModelAudit, datasets: Sequence[str]) -> str:
    """Return in brackets how many windows of each kind have scores that are not numbers, each with its first."""
    text = _windows_in(audit, datasets).text
    return f" ({text})" if text else ""


def _windows_in(audit: ModelAudit, datasets: Sequence[str]) -> NonFiniteWindows:
    return NonFiniteWindows.of(windows for name, windows in audit.non_finite_windows.items() if name in datasets)


def explain_non_finite(
    model: Model, served: ServedModel, audit: ModelAudit, equivalence: Equivalence, datasets: Sequence[str]
) -> str:
    """Return the cause: the server where the oracle has numbers, the model where it has none either."""
    cause = served.explain(_windows_in(audit, datasets), is_own=model.source_f04 in datasets)
    missing = sum(equivalence.missing[dataset] for dataset in datasets)
    agreeing_rows = sum(equivalence.without_number[dataset] for dataset in datasets)
    if missing:
        of = f"{missing:,} of {counted(missing + agreeing_rows, 'such window')}"
        return (
            f"the oracle gives a number to {of}, so the server is wrong there, not the model. Run it again; if it "
            "stays, report it with runtime/server.log."
        )
    if not agreeing_rows:
        return (
            f"the oracle was not asked about them. The server says of itself: {cause} To know "
            "whether it is right, run with equivalence: full."
        )
    return cause
