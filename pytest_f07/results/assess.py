"""Add to each verdict of a run how far its metrics can be relied on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_f07.results.assessment import assess
from pytest_f07.results.blocks import count_blocks
from pytest_f07.results.flips import RunLog
from pytest_f07.results.verdict import Verdict
from pytest_f07.variant.dataset import Dataset
from pytest_f07.variant.package import Model


def assess_all(
    verdicts: Mapping[str, Verdict],
    models: Sequence[Model],
    datasets: Sequence[Dataset],
    log: RunLog,
    dependent: int | None,
) -> None:
    """Add to each verdict how far its metrics can be relied on, and what of that is worth knowing.

    :param dependent: rows after which windows and labels do not overlap; None where the package does not say.
    """
    blocks = count_blocks(log, datasets, models, dependent)
    for model in models:
        verdict = verdicts[model.prediction_name]
        if verdict.counts is not None and verdict.audit is not None:
            own = blocks[model.prediction_name]
            verdict.assessment = assess(model, verdict.counts, verdict.audit.scores, own, dependent is None)
            verdict.warnings += verdict.assessment.remarks
