"""The outcome of one model: its failures, each a sentence with a stable code, and its warnings."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from pytest_f07.equivalence.comparison import Equivalence
from pytest_f07.results import metric_table
from pytest_f07.results.assessment import Assessment
from pytest_f07.results.audit import ModelAudit
from pytest_f07.results.failure_codes import BROKEN
from pytest_f07.results.formulas import Counts
from pytest_f07.results.metrics import Metrics


@dataclass(frozen=True)
class Failure:
    """One reason why a model fails.

    :param code: a stable name of the kind of failure.
    :param sentence: what is wrong, how often, where, and what to do.
    """

    code: str
    sentence: str


@dataclass
class Verdict:
    """The outcome of one model.

    :param metrics: None where the run broke before they were counted; ``audit`` too.
    :param infer_windows: windows that ``/infer`` answered too; ``infer_differing`` of them otherwise.
    :param equivalence: how far the log is from the oracle and from itself; None where the run broke.
    :param assessment: how far the metrics can be relied on; None where the run broke.
    """

    prediction_name: str
    metrics: Metrics | None = None
    failures: list[Failure] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    audit: ModelAudit | None = None
    infer_windows: int = 0
    infer_differing: int = 0
    equivalence: Equivalence | None = None
    assessment: Assessment | None = None

    @property
    def report_outcome(self) -> str:
        """Return the outcome of a pytest report that says the same."""
        return "failed" if self.failures else "passed"

    @property
    def cross_checks(self) -> dict[str, str]:
        """Return the comparison with ``/infer`` and the oracle as the report shows it; empty where the run broke."""
        if not self.infer_windows and self.equivalence is None:
            return {}
        alone, otherwise = f"{self.infer_windows:,}", f"{self.infer_differing:,}"
        lines = {"asked alone (/infer)": alone, "answered otherwise": otherwise if self.infer_windows else "–"}
        if (equivalence := self.equivalence) is not None:
            compared = equivalence.windows > 0
            lines |= {
                "proven": equivalence.proven,
                "distinct windows asked": f"{equivalence.asked:,}",
                "oracle says otherwise": f"{equivalence.differing:,}",
                "largest difference": f"{equivalence.largest_difference:.2g}" if compared else "–",
                "nearest to the threshold": f"{equivalence.smallest_distance:.2g}"
                if math.isfinite(equivalence.smallest_distance)
                else "–",
                "tie": f"{equivalence.tie:.2g}" if compared else "–",
            }
        return lines

    @property
    def text(self) -> str:
        """Return the failures as the terminal and the report show them."""
        return "\n".join(f"{failure.code}  {self.prediction_name}: {failure.sentence}" for failure in self.failures)

    @property
    def codes(self) -> set[str]:
        """Return the codes of the failures."""
        return {failure.code for failure in self.failures}

    @property
    def counts(self) -> Counts | None:
        """Return the counts that the metrics follow from; None where the run broke."""
        return None if self.metrics is None or self.audit is None else self.metrics.counts(self.audit)

    @property
    def values(self) -> dict[str, Any]:
        """Return the value of each metric by key; nothing where the run broke."""
        return {} if self.counts is None else metric_table.values(self.counts)

    @property
    def texts(self) -> dict[str, str]:
        """Return each metric as people read it, by key; nothing where the run broke."""
        return {} if self.counts is None else metric_table.texts(self.counts)

    @property
    def measured(self) -> dict[str, Any]:
        """Return the metrics that are defined; none where no score that they are of is a number."""
        scores = self.audit.scores if self.audit else None
        if scores and scores.is_blank and scores.not_numbers.any():
            return {}
        texts = self.texts
        return {name: value for name, value in self.values.items() if texts[name] != metric_table.UNDEFINED}

    def row(self) -> dict[str, Any]:
        """Return the model's row of metrics_per_model.csv; empty where there are no metrics."""
        return {"prediction_name": self.prediction_name, **self.values} if self.values else {}


def broken_verdict(prediction_name: str, reason: str) -> Verdict:
    """Return the verdict of a model whose run broke."""
    return Verdict(prediction_name, failures=[Failure(BROKEN, f"not validated: {reason}.")])
