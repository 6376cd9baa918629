"""Fail the models that are worse than params.yaml allows them to be since an earlier run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from pytest_f07.results.comparison.changes import MetricChange, p_text
from pytest_f07.results.comparison.compare import Comparison
from pytest_f07.results.comparison.flips import Flip
from pytest_f07.results.comparison.model_change import ModelChange
from pytest_f07.results.statistics.holm import holm
from pytest_f07.results.verdict import Failure, Verdict
from pytest_f07.variant.requirements import RelativeRule, Requirements
from pytest_f07.variant.wording import agreeing, counted

WORSE = "F07-WORSE"


def add_worse(
    requirements: Requirements, comparisons: Mapping[str, Comparison], verdicts: Mapping[str, Verdict]
) -> None:
    """Add a failure to each verdict for each rule that its model breaks.

    :param comparisons: with each run that a rule names, by variant.
    """
    rules = [(name, rule) for name in verdicts for rule in requirements.relative(name)]
    adjusted = _adjust(rules, comparisons)
    for name, rule in rules:
        comparison = comparisons[rule.baseline]
        change = _find_model(comparison, name)
        if rule.metric == "flips":
            sentences = _check_flips(rule, change, comparison)
        else:
            p = adjusted.get((name, rule))
            sentences = _check_fall(rule, change, comparison, p, requirements.significance)
            verdicts[name].warnings += _remark(rule, change, p, requirements.significance)
        verdicts[name].failures += [Failure(WORSE, sentence) for sentence in sentences]


def _find_model(comparison: Comparison, name: str) -> ModelChange | None:
    return next((model for model in comparison.models if model.prediction_name == name), None)


def _find_metric(change: ModelChange | None, metric: str) -> MetricChange | None:
    return next((test for test in change.changes if test.key == metric), None) if change else None


def _adjust(
    rules: list[tuple[str, RelativeRule]], comparisons: Mapping[str, Comparison]
) -> dict[tuple[str, RelativeRule], float]:
    """Return Holm's p of each rule whose metric was tested, over all of them."""
    p_values: dict[tuple[str, RelativeRule], float] = {}
    for name, rule in rules:
        test = _find_metric(_find_model(comparisons[rule.baseline], name), rule.metric)
        if test is not None and test.p is not None:
            p_values[name, rule] = test.p
    return dict(zip(p_values, holm(list(p_values.values())), strict=True))


def _check_fall(
    rule: RelativeRule, change: ModelChange | None, comparison: Comparison, p: float | None, significance: float | None
) -> Iterator[str]:
    test = _find_metric(change, rule.metric)
    if change is None or change.pairs is None or test is None:
        yield _not_comparable(rule, comparison)
        return
    rows = f"on {counted(change.pairs.rows, 'common row')}; params.yaml requires {rule.text}"
    if test.then is None:
        return  # undefined then: nothing to fall from
    if test.now is None:
        yield f"its {test.title} was {test.then:.4f} in {rule.baseline} and is undefined, {rows}."
        return
    fall = test.then - test.now
    if fall <= rule.limit or (significance is not None and p is not None and p >= significance):
        return
    noise = ""
    if significance is not None:
        noise = " (too few blocks of rows to tell it from noise)" if p is None else f" ({p_text(p)} by Holm)"
    yield (
        f"its {test.title} fell by {fall:.4f} since {rule.baseline}, from {test.then:.4f} to {test.now:.4f}{noise}, "
        f"{rows}. {counted(test.to_wrong, 'row')} flipped to wrong, {test.to_right:,} to right."
    )


def _remark(
    rule: RelativeRule, change: ModelChange | None, p: float | None, significance: float | None
) -> Iterator[str]:
    """Yield what a rule lets pass for it cannot be told from noise, though it is large."""
    test = _find_metric(change, rule.metric)
    if test is None or test.change is None or not test.is_open or -test.change <= rule.limit:
        return
    if significance is not None and p is not None and p >= significance:
        yield (
            f"its {test.title} fell from {test.then:.4f} to {test.now:.4f} since {rule.baseline}, and passes, for all "
            f"flips lie in {counted(test.flip_blocks, 'block')} of rows ({p_text(p)} by Holm); leave significance out "
            "of require, and every fall counts"
        )


def _check_flips(rule: RelativeRule, change: ModelChange | None, comparison: Comparison) -> Iterator[str]:
    if change is None or not change.flips.compared:
        yield _not_comparable(rule, comparison)
        return
    flips = change.flips.to_1 + change.flips.to_0
    if flips > rule.limit:
        yield (
            f"{flips:,} of {counted(change.flips.compared, 'prediction')} {agreeing(flips, 'has', 'have')} flipped "
            f"since {rule.baseline}, {change.flips.to_1:,} to 1 and {change.flips.to_0:,} to 0; params.yaml requires "
            f"{rule.text}. {_example(change.flips.largest[0])}"
        )


def _example(flip: Flip) -> str:
    place = f"{flip.dataset} row {flip.row:,}"
    if math.isnan(flip.then) or math.isnan(flip.now):  # no score, or labels alone
        return f"One of them: {place}."
    return f"The furthest: {place}, {flip.then:.4f} then and {flip.now:.4f} now."


def _not_comparable(rule: RelativeRule, comparison: Comparison) -> str:
    reason = f" ({comparison.notes[0].removesuffix('.')})" if comparison.notes else ""
    return (
        f"it cannot be compared with {rule.baseline}: no row is common{reason}; params.yaml requires {rule.text}. "
        "Name a run on the same dataset."
    )
