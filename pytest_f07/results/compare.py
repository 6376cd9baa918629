"""Compare a run with an earlier one: the change of each metric, and the predictions that flipped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from pytest_f07.errors import F07Error
from pytest_f07.results import metric_table
from pytest_f07.results.baseline import BaselineRun
from pytest_f07.results.flips import Flips, RunLog, count_flips
from pytest_f07.results.formulas import Counts
from pytest_f07.results.metric_table import METRICS
from pytest_f07.variant.wording import agreeing, counted


@dataclass(frozen=True)
class Change:
    """The value of one metric then and now.

    :param name: the metric's key.
    """

    name: str
    then: float | int
    now: float | int

    @property
    def difference(self) -> float | int:
        """Return how much the value grew."""
        return self.now - self.then


@dataclass
class ModelChange:
    """The changes of one model.

    :param metrics: ratios, as precision.
    :param counts: counts, as those of the confusion matrix.
    """

    prediction_name: str
    metrics: list[Change]
    counts: list[Change]
    flips: Flips = field(default_factory=Flips)


@dataclass
class Comparison:
    """The changes since an earlier run.

    :param variant: the earlier run's; ``package`` and ``timestamp`` too.
    :param notes: what could not be compared, in sentences.
    """

    variant: str
    package: str
    timestamp: str
    models: list[ModelChange] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def compare(baseline: BaselineRun, log: RunLog, metrics: Mapping[str, Mapping[str, Any]]) -> Comparison:
    """Compare a run with an earlier one: models by name, rows by dataset and row number.

    :param log: the log of the run.
    :param metrics: the rows of its metrics_per_model.csv, by prediction_name.
    :raises F07Error: where the earlier run's metrics or log cannot be read.
    """
    variant = baseline.variant
    comparison = Comparison(variant, baseline.package, baseline.timestamp)
    common_names = [name for name in log.names if name in baseline.log.names]
    comparison.models = [_compare_metrics(name, baseline.metrics[name], metrics[name]) for name in common_names]
    comparison.notes += [f"{name} was not in {variant}." for name in log.names if name not in common_names]
    comparison.notes += [
        f"{name} of {variant} is not there any more." for name in baseline.log.names if name not in common_names
    ]
    flips = {model.prediction_name: model.flips for model in comparison.models}
    for dataset, rows in log.rows.items():
        rows_then = baseline.log.rows.get(dataset)
        if rows_then is None:
            comparison.notes.append(f"Dataset {dataset} was not in {variant}: its predictions are not compared.")
            continue
        common_rows = min(rows, rows_then)
        if rows != rows_then:
            comparison.notes.append(
                f"Dataset {dataset} had {counted(rows_then, 'row')} and has {rows:,}: "
                f"the first {common_rows:,} are compared."
            )
        if other_windows := count_flips(baseline.log, log, dataset, flips):
            comparison.notes.append(
                f"Dataset {dataset}: {other_windows:,} of {counted(common_rows, 'row')} "
                f"{agreeing(other_windows, 'holds', 'hold')} another window than in {variant}; "
                "their predictions are not compared."
            )
    return comparison


def try_compare(baseline: BaselineRun, log: RunLog, metrics: Mapping[str, Mapping[str, Any]]) -> Comparison:
    """Compare as :func:`compare` does; where that fails, return a comparison whose note says why."""
    try:
        return compare(baseline, log, metrics)
    except (F07Error, OSError, pa.ArrowException) as error:
        note = f"{baseline.variant} cannot be compared: {' '.join(str(error).split())}."
        return Comparison(baseline.variant, baseline.package, baseline.timestamp, notes=[note])


def _compare_metrics(name: str, then: Mapping[str, str], now: Mapping[str, Any]) -> ModelChange:
    """Compare the metrics of one model.

    The earlier values are computed from the earlier counts: the version that wrote them may have had fewer metrics.
    """
    try:
        confusion = {key.lower(): int(then[key]) for key in ("TP", "TN", "FP", "FN")}
        other_counts = {key: int(then[key]) for key in ("no_ref_pred_1", "no_ref_pred_0")}
        non_finite = int(then["non_finite"]) if then["non_finite"] else None  # empty: labels alone
        values = metric_table.values(Counts(**confusion, **other_counts, non_finite=non_finite))
        compared = [metric for metric in METRICS if metric.compared]
        changes = {metric: Change(metric.key, values[metric.key], now[metric.key]) for metric in compared}
        changes = {metric: change for metric, change in changes.items() if None not in (change.then, change.now)}
    except (KeyError, ValueError, TypeError):
        raise F07Error(f"its metrics of {name} cannot be read") from None
    ratios = [change for metric, change in changes.items() if metric.limits]
    return ModelChange(name, ratios, [change for metric, change in changes.items() if not metric.limits])
