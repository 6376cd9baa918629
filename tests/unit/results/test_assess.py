from __future__ import annotations

from typing import Any

from hypothesis import given, settings

from pytest_f07.results.assess import assess_all
from pytest_f07.results.verdict import Verdict
from tests.unit.small_run import runs, write_run


@settings(derandomize=True, deadline=None, max_examples=20)
@given(runs())
def test_each_model_is_assessed_by_the_counts_of_its_metrics(drawn: dict[str, Any]) -> None:
    with write_run(drawn) as run:
        counts = run.count()
        verdicts = {name: Verdict(name, counts.metrics[name], audit=counts.audits[name]) for name in run.owners}
        assess_all(verdicts, run.models, counts.blocks, assumed=True)
        for name, verdict in verdicts.items():
            assert verdict.assessment is not None
            total, metrics = verdict.assessment.blocks.total, counts.metrics[name]
            assert (total.tp, total.tn, total.fp, total.fn) == (metrics.tp, metrics.tn, metrics.fp, metrics.fn)
            assert verdict.assessment.assumed
            assert verdict.warnings == verdict.assessment.remarks
