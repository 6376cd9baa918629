"""Add to each verdict of a run how far its metrics can be relied on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_f07.results.assessment import assess
from pytest_f07.results.blocks import OwnBlocks
from pytest_f07.results.verdict import Verdict
from pytest_f07.variant.package import Model


def assess_all(
    verdicts: Mapping[str, Verdict], models: Sequence[Model], blocks: Mapping[str, OwnBlocks], assumed: bool
) -> None:
    """Add to each verdict how far its metrics can be relied on, and what of that is worth knowing.

    :param blocks: the counts of each model's own dataset, by prediction_name.
    :param assumed: whether the blocks' length is assumed.
    """
    for model in models:
        verdict = verdicts[model.prediction_name]
        if verdict.counts is not None and verdict.audit is not None:
            own = blocks[model.prediction_name]
            verdict.assessment = assess(model, verdict.counts, verdict.audit.scores, own, assumed)
            verdict.warnings += verdict.assessment.remarks
