"""Judge every model of a run: its failures, each a sentence with a stable code, and its warnings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pytest_f07.endpoints.endpoint import Provides
from pytest_f07.equivalence.again import AgainCheck
from pytest_f07.equivalence.comparison import Equivalence
from pytest_f07.equivalence.infer import InferCheck
from pytest_f07.equivalence.process import OracleModel
from pytest_f07.results import metric_table
from pytest_f07.results.audit import ModelAudit
from pytest_f07.results.counting import LogCounts
from pytest_f07.results.identity import ServedModel, served_models
from pytest_f07.results.metrics import Metrics
from pytest_f07.results.verdict import Failure, Verdict
from pytest_f07.results.worth_knowing import explain_non_finite, remarks, which_windows
from pytest_f07.variant.manifest import Manifest
from pytest_f07.variant.package import Model
from pytest_f07.variant.params import Params
from pytest_f07.variant.wording import agreeing, counted

IDENTITY = "F07-IDENTITY"
EMISSIONS = "F07-EMISSIONS"
BOOKS = "F07-BOOKS"
RECOUNT = "F07-RECOUNT"
UNLABELLED = "F07-UNLABELLED"
THRESHOLD = "F07-THRESHOLD"
NONFINITE = "F07-NONFINITE"
INFER = "F07-INFER"
EQUIVALENCE = "F07-EQUIVALENCE"
REPEAT = "F07-REPEAT"
REQUIRED = "F07-REQUIRED"


def judge_all(
    manifest: Manifest,
    params: Params,
    models: Sequence[Model],
    identity: Mapping[str, Any],
    provides: Provides,
    log: LogCounts,
    infer_check: InferCheck,
    again_check: AgainCheck,
    equivalence: Mapping[str, Equivalence],
    oracle: Mapping[str, OracleModel] | None,
    recount_faults: Mapping[str, str],
) -> dict[str, Verdict]:
    """Return the verdict of each model, by prediction_name in order.

    :param identity: what the server said of itself; ``provides`` what its answers tell.
    :param equivalence: by prediction_name; ``recount_faults`` where a second count differs.
    :param oracle: what the oracle has read of each model; None where it was not started.
    """
    served = served_models(identity if provides.identity else None, manifest, models, oracle)
    verdicts = {
        name: judge(
            model,
            served[name],
            log,
            infer_check,
            params.requirements.least(name),
            equivalence[name],
            recount_faults.get(name),
            again_check.fault(name),
        )
        for model in models
        for name in [model.prediction_name]
    }
    for verdict in verdicts.values():
        own = next(model.source_f04 for model in models if model.prediction_name == verdict.prediction_name)
        verdict.failures = [_offer_layers(failure, manifest.paths.name, verdict, own) for failure in verdict.failures]
    return verdicts


def _offer_layers(failure: Failure, variant: str, verdict: Verdict, own: str) -> Failure:
    """Add to a failure that a layer causes the command that shows in which, on the first row.

    :param own: the model's own dataset.
    """
    if failure.code not in (NONFINITE, EQUIVALENCE):
        return failure
    dataset, row = (verdict.equivalence.place if verdict.equivalence else None) or (own, 0)
    if failure.code == NONFINITE and verdict.audit and own in verdict.audit.non_finite_windows:
        dataset, row = own, verdict.audit.non_finite_windows[own].first_row
    place = f"ROW={row}" if dataset == own else f"DATASET={dataset} ROW={row}"
    command = f"make explain7 VARIANT={variant} MODEL={verdict.prediction_name} {place}"
    return replace(failure, sentence=f"{failure.sentence} To see it layer by layer: {command}")


def judge(
    model: Model,
    served: ServedModel,
    log: LogCounts,
    infer_check: InferCheck,
    required: Mapping[str, float],
    equivalence: Equivalence,
    recount_fault: str | None = None,
    again_fault: str | None = None,
) -> Verdict:
    """Return the verdict of a model whose run is complete.

    :param required: the smallest allowed values of metrics, where params.yaml requires any.
    :param equivalence: how far the log is from the oracle and from itself.
    :param recount_fault: what a second count of the log says otherwise.
    :param again_fault: what the model answered otherwise when asked about the same rows again.
    """
    metrics, audit = log.metrics[model.prediction_name], log.audits[model.prediction_name]
    return Verdict(
        model.prediction_name,
        metrics,
        failures=[
            *_check_files(model, served),
            *_check_replay(log.fault, infer_check.fault(model.prediction_name)),
            *_check_accounting(model, metrics, audit),
            *_check_recount(recount_fault),
            *_check_scores(model, served, audit, equivalence),
            *_check_equivalence(equivalence, again_fault),
            *_check_requirements(metrics, metric_table.values(metrics.counts(audit)), required),
        ],
        warnings=remarks(model, served, audit, equivalence),
        audit=audit,
        infer_windows=infer_check.windows,
        infer_differing=infer_check.differing(model.prediction_name),
        equivalence=equivalence,
    )


def _check_files(model: Model, served: ServedModel) -> Iterator[Failure]:
    if served.sha256 is not None and served.sha256 != served.expected_sha256:
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


def _check_replay(log_fault: str | None, infer_fault: str | None) -> Iterator[Failure]:
    if log_fault:
        yield Failure(EMISSIONS, f"not every emission was answered exactly once: {log_fault}.")
    if infer_fault:
        yield Failure(INFER, f"/infer and /infer_batch disagree: {infer_fault}.")


def _check_accounting(model: Model, metrics: Metrics, audit: ModelAudit) -> Iterator[Failure]:
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


def _check_recount(fault: str | None) -> Iterator[Failure]:
    if fault:
        yield Failure(
            RECOUNT,
            f"two counts of the log disagree: {fault}. One of them is wrong, so no metric of this run counts. Run it "
            "again; if it stays, report it with the log.",
        )


def _check_scores(model: Model, served: ServedModel, audit: ModelAudit, equivalence: Equivalence) -> Iterator[Failure]:
    if audit.wrong_pred:
        yield Failure(
            THRESHOLD,
            f"y_pred is not y_prob >= {model.threshold} in {audit.wrong_pred:,} of {counted(audit.emissions, 'row')}; "
            f"the first: {audit.example}.",
        )
    if audit.own.non_finite:
        which = "" if audit.own.non_finite == audit.own.windows else which_windows(audit, [model.source_f04])
        yield Failure(
            NONFINITE,
            f"{audit.own.non_finite:,} of {counted(audit.own.windows, 'score')} of its own dataset {model.source_f04} "
            f"{agreeing(audit.own.non_finite, 'is not a number', 'are not numbers')}{which}; "
            f"{explain_non_finite(model, served, audit, equivalence, [model.source_f04])}",
        )
    elif hidden := equivalence.hidden[model.source_f04]:
        yield Failure(
            NONFINITE,
            f"{hidden:,} of {counted(audit.own.windows, 'window')} of its own dataset {model.source_f04} "
            f"{agreeing(hidden, 'has', 'have')} no score by the oracle, and the server gives "
            f"{'a number' if audit.has_scores else 'a label'} all the same. Look for weights that are not numbers, and "
            "for a pooling over nothing; train the model again.",
        )


def _check_equivalence(equivalence: Equivalence, again_fault: str | None) -> Iterator[Failure]:
    if equivalence.fault:
        yield Failure(EQUIVALENCE, f"the runtime does not say what F05 would have said: {equivalence.fault}.")
    elif equivalence.with_oracle and not equivalence.windows:
        yield Failure(EQUIVALENCE, "no window was held against the oracle, so nothing is proven.")
    if equivalence.repeats.fault:
        yield Failure(REPEAT, f"equal windows have unequal scores: {equivalence.repeats.fault}.")
    elif again_fault:
        yield Failure(REPEAT, f"the same rows have other answers: {again_fault}.")


def _check_requirements(
    metrics: Metrics, values: Mapping[str, float], required: Mapping[str, float]
) -> Iterator[Failure]:
    for name, smallest in required.items():
        value = float(values[name])
        if metrics.referenced and value < smallest:
            shown = f"{value:.4f}" if round(value, 4) < smallest else repr(value)
            rows = _rows_of(name, metrics)
            yield Failure(REQUIRED, f"its {name} is {shown} on {rows}; params.yaml requires at least {smallest}.")


def _rows_of(name: str, metrics: Metrics) -> str:
    """Return the rows that a metric is about."""
    if name == "recall":
        return f"{counted(metrics.tp + metrics.fn, 'row')} labelled 1"
    if name == "precision":
        return f"{counted(metrics.tp + metrics.fp, 'row')} predicted 1"
    return counted(metrics.referenced, "labelled row")
