"""Compare a run with an earlier one: the change of each metric, and the predictions that flipped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_f07.errors import F07Error
from pytest_f07.results import metric_table
from pytest_f07.results.comparison.baseline import BaselineRun
from pytest_f07.results.comparison.changes import SIGNIFICANCE, p_text
from pytest_f07.results.comparison.flips import RunLog, count_flips
from pytest_f07.results.comparison.model_change import STILL_FAILING, Change, ModelChange
from pytest_f07.results.formulas import Counts
from pytest_f07.results.metric_table import METRICS
from pytest_f07.results.statistics.holm import holm
from pytest_f07.variant.wording import agreeing, counted

SHOWN_CHANGES = 3


@dataclass
class Comparison:
    """The changes since an earlier run.

    :param name: of the earlier run, as the user has it; ``package``, ``timestamp`` and ``variant`` are that run's.
    :param notes: what could not be compared, in sentences.
    :param servers: which servers were validated then and now, in words; None where they are alike.
    """

    name: str
    package: str
    timestamp: str
    models: list[ModelChange] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    servers: tuple[str, str] | None = None
    variant: str = ""

    @property
    def summary(self) -> list[str]:
        """Return the comparison in two lines: how many rows flipped, and whether that is more than noise."""
        against = f"against {self.name} of package {self.package}"
        if self.servers:
            against += f" (server: {self.servers[0]} then, {self.servers[1]} now)"
        first, *others = self.answer("in the report")
        return [f"{against}: {first}", *others]

    def answer(self, rest: str) -> list[str]:
        """Return the lines of the summary without what was compared.

        :param rest: where the changes are that they leave out.
        """
        pairs = [model.pairs for model in self.models if model.pairs is not None]
        if not pairs:
            reason = "; ".join(self.notes) or "no labelled row of a model's own dataset is common."
            return [f"not comparable: {reason}"]
        models = f"{len(pairs)} of {counted(len(self.models), 'model')}"
        rows, fixed, wrong = (sum(getattr(pair, kind) for pair in pairs) for kind in ("rows", "fixed", "newly_wrong"))
        first = f"{counted(rows, 'common row')} of {models}; {fixed:,} flipped to right, {wrong:,} to wrong"
        return [first, self._evidence(rest) if fixed + wrong else self._other_changes(rest)]

    @property
    def differences(self) -> list[str]:
        """Return what changed about each model, a sentence for each."""
        return [
            f"{model.prediction_name}: since {self.name}: {', '.join(model.about)}"
            for model in self.models
            if model.about
        ]

    def _other_changes(self, rest: str) -> str:
        """Return that no row flipped, and what changed all the same."""
        flips = sum(model.flips.to_1 + model.flips.to_0 for model in self.models)
        changes = [f"{counted(flips, 'prediction')} of other rows flipped"] if flips else []
        for model in self.models:
            news = [*model.about, *(text for text in model.outcomes if not text.startswith(STILL_FAILING))]
            changes += [f"{model.prediction_name}: {', '.join(news)}"] if news else []
        text = "no row flipped, so each metric of these rows is the same"
        return f"{text}; but {_first(changes, rest)}" if changes else text

    def _evidence(self, rest: str) -> str:
        tests = [
            (model.prediction_name, change, change.p)
            for model in self.models
            for change in model.changes
            if change.p is not None
        ]
        adjusted = holm([p for _, _, p in tests])
        evident = [
            (name, change, p)
            for (name, change, _), p in zip(tests, adjusted, strict=True)
            if p < SIGNIFICANCE and change.change
        ]
        of = f"of {counted(len(tests), 'test')}, by Holm"
        if not evident:
            return (
                f"no evidence of a change in any metric{f' (smallest {p_text(min(adjusted))} {of})' if tests else ''}"
            )
        evident.sort(key=lambda entry: (entry[1].gain or 0) > 0)  # what is worse comes first
        texts = [
            f"{name}: {change.title} {'better' if (change.gain or 0) > 0 else 'worse'}, {change.then:.4f} then, "
            f"{change.now:.4f} now ({p_text(p)})"
            for name, change, p in evident
        ]
        return f"evidence of a change in {len(evident):,} {of}: {_first(texts, rest)}"

    def document(self) -> dict[str, Any]:
        """Return what comparison.json holds."""
        return {
            "against": {
                "name": self.name,
                "variant": self.variant,
                "package": self.package,
                "timestamp": self.timestamp,
            },
            "servers": dict(zip(("then", "now"), self.servers, strict=True)) if self.servers else None,
            "summary": self.summary,
            "models": {model.prediction_name: model.document() for model in self.models},
            "notes": self.notes,
        }


def _first(texts: list[str], rest: str) -> str:
    """Return the first of some texts, and how many more there are.

    :param rest: where they are.
    """
    more = len(texts) - SHOWN_CHANGES
    return "; ".join([*texts[:SHOWN_CHANGES], *([f"and {more:,} more {rest}"] if more > 0 else [])])


def compare(baseline: BaselineRun, log: RunLog, metrics: Mapping[str, Mapping[str, Any]]) -> Comparison:
    """Compare a run with an earlier one: models by name, rows by dataset and row number.

    :param log: the log of the run.
    :param metrics: the rows of its metrics_per_model.csv, by prediction_name.
    :raises F07Error: where the earlier run's metrics or log cannot be read.
    """
    then = baseline.name
    comparison = Comparison(then, baseline.package, baseline.timestamp, variant=baseline.variant)
    common_names = [name for name in log.names if name in baseline.log.names]
    comparison.models = [_compare_metrics(name, baseline.metrics[name], metrics[name]) for name in common_names]
    comparison.notes += [f"{name} was not in {then}." for name in log.names if name not in common_names]
    comparison.notes += [
        f"{name} of {then} is not there any more." for name in baseline.log.names if name not in common_names
    ]
    flips = {model.prediction_name: model.flips for model in comparison.models}
    for dataset, rows in log.rows.items():
        rows_then = baseline.log.rows.get(dataset)
        if rows_then is None:
            comparison.notes.append(f"Dataset {dataset} was not in {then}: its predictions are not compared.")
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
                f"{agreeing(other_windows, 'holds', 'hold')} another window than in {then}; "
                "their predictions are not compared."
            )
    return comparison


def _compare_metrics(name: str, then: Mapping[str, str], now: Mapping[str, Any]) -> ModelChange:
    """Compare the metrics of one model.

    The earlier values are computed from the earlier counts: the version that wrote them may have had fewer metrics.
    """
    try:
        confusion = {key.lower(): int(then[key]) for key in ("TP", "TN", "FP", "FN")}
        other_counts = {key: int(then[key]) for key in ("no_ref_pred_1", "no_ref_pred_0")}
        non_finite = int(then["non_finite"]) if then["non_finite"] else None  # empty: labels alone
        counts = Counts(**confusion, **other_counts, non_finite=non_finite)
        values = metric_table.values(counts)
        counts_now = Counts(**{key: int(now[key.upper()]) for key in confusion})
        changes = {}
        for metric in METRICS:
            key = metric.key
            # None here is a count that cannot be had, as of scores that a server does not give.
            if metric.compared and None not in (values[key], now[key]):
                then_value = values[key] if metric_table.is_defined(key, counts) else None
                now_value = now[key] if metric_table.is_defined(key, counts_now) else None
                changes[metric] = Change(key, then_value, now_value)
    except (KeyError, ValueError, TypeError):
        raise F07Error(f"its metrics of {name} cannot be read") from None
    ratios = [change for metric, change in changes.items() if metric.limits]
    return ModelChange(name, ratios, [change for metric, change in changes.items() if not metric.limits])
