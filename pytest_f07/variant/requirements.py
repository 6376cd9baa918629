"""Read ``require`` of params.yaml: the least value of a metric, and what must not be worse than in an earlier run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_f07.errors import F07Error
from pytest_f07.variant.names import composed
from pytest_f07.variant.paths import check_variant

MetricLimits = Mapping[str, tuple[float, float]]
RULE_KEYS = ("at_least", "not_below", "by")
FLIP_KEYS = ("at_most", "since")


@dataclass(frozen=True)
class RelativeRule:
    """A metric that must not fall, or flips that must not be many, since an earlier run.

    :param metric: its key; "flips" for the number of predictions that flipped.
    :param baseline: the variant whose run it is compared with.
    :param limit: how far the metric may fall; how many predictions may flip.
    """

    metric: str
    baseline: str
    limit: float

    @property
    def text(self) -> str:
        """Return the rule as params.yaml has it."""
        if self.metric == "flips":
            return f"flips: {{at_most: {self.limit:g}, since: {self.baseline}}}"
        by = f", by: {self.limit:g}" if self.limit else ""
        return f"{self.metric}: {{not_below: {self.baseline}{by}}}"


@dataclass(frozen=True)
class Requirements:
    """The rules of a variant.

    :param entries: what holds for every model, by metric or "flips".
    :param models: what holds for one model in place of that, by prediction_name.
    :param significance: below which p a fall is no noise; None where every fall counts.
    """

    entries: Mapping[str, Any]
    models: Mapping[str, Mapping[str, Any]]
    significance: float | None = None

    @classmethod
    def parse(cls, value: Mapping[str, Any]) -> Requirements:
        """Return the rules of ``require``, not checked yet.

        Models stand under ``models``; beside the metrics, as older versions had them, too.
        """
        entries = dict(value)
        significance = entries.pop("significance", None)
        models: dict[str, Any] = {}
        if isinstance(named := entries.get("models"), Mapping) and all(isinstance(m, Mapping) for m in named.values()):
            models = {composed(str(name)): rules for name, rules in entries.pop("models").items()}
        for key in [key for key, entry in entries.items() if isinstance(entry, Mapping) and not _is_rule(key, entry)]:
            models[key] = entries.pop(key)
        return cls(entries, models, significance)

    def of_model(self, prediction_name: str) -> dict[str, Any]:
        """Return the entries that hold for one model: its own replace those for all."""
        return {**self.entries, **self.models.get(prediction_name, {})}

    def least(self, prediction_name: str) -> dict[str, float]:
        """Return the least value of each metric of one model."""
        values = {
            metric: entry.get("at_least") if isinstance(entry, Mapping) else entry
            for metric, entry in self.of_model(prediction_name).items()
        }
        return {metric: least for metric, least in values.items() if least is not None}

    def relative(self, prediction_name: str) -> list[RelativeRule]:
        """Return the rules of one model that compare with an earlier run."""
        entries = self.of_model(prediction_name).items()
        return [rule for metric, entry in entries for rule in _relative(metric, entry)]

    @property
    def baselines(self) -> list[str]:
        """Return the variants that rules compare with, each once."""
        entries = [*self.entries.items(), *(item for rules in self.models.values() for item in rules.items())]
        return list(dict.fromkeys(rule.baseline for metric, entry in entries for rule in _relative(metric, entry)))

    def check(self, limits: MetricLimits, prediction_names: Sequence[str], where: str) -> None:
        """Check metrics and their values, named runs, and models.

        :param limits: the smallest and largest value of each metric that can be required.
        :param where: the file, as messages name it.
        :raises F07Error: for the first thing that is wrong.
        """
        _check_entries(self.entries, limits, "require.", where)
        for name, rules in self.models.items():
            _check_entries(rules, limits, f"require.{name}.", where)
            if name not in prediction_names:
                raise F07Error(
                    f"{where}: require names {name!r}, which is no model of this variant; its models are "
                    f"{', '.join(prediction_names)}."
                )
        if self.significance is not None:
            _check_number("require.significance", self.significance, 0, 1, where)


def _is_rule(key: str, entry: Mapping[Any, Any]) -> bool:
    """Return whether a mapping is a rule of a metric, not the rules of a model."""
    return not set(entry).isdisjoint(FLIP_KEYS if key == "flips" else RULE_KEYS)


def _relative(metric: str, entry: object) -> Iterator[RelativeRule]:
    if isinstance(entry, Mapping) and metric == "flips":
        yield RelativeRule(metric, str(entry.get("since")), entry.get("at_most", 0))
    elif isinstance(entry, Mapping) and "not_below" in entry:
        yield RelativeRule(metric, str(entry["not_below"]), entry.get("by", 0.0))


def _check_entries(entries: Mapping[Any, Any], limits: MetricLimits, prefix: str, where: str) -> None:
    for metric, entry in entries.items():
        key = f"{prefix}{metric}"
        if metric == "flips":
            _check_flips(key, entry, where)
        elif metric not in limits:
            names = ", ".join(prefix + name for name in (*limits, "flips"))
            raise F07Error(f"{where}: unknown key {key!r}; valid keys are {names}.")
        elif isinstance(entry, Mapping):
            _check_rule(key, entry, limits[metric], where)
        else:
            _check_number(key, entry, *limits[metric], where)


def _check_rule(key: str, rule: Mapping[Any, Any], limits: tuple[float, float], where: str) -> None:
    _check_names(key, rule, RULE_KEYS, where)
    if "at_least" in rule:
        _check_number(f"{key}.at_least", rule["at_least"], *limits, where)
    if "not_below" in rule:
        check_variant(rule["not_below"], f"{where}: {key}.not_below")
    elif "by" in rule:
        raise F07Error(f"{where}: {key}.by says how far it may fall, and needs {key}.not_below, a variant like v701.")
    if "by" in rule:
        _check_number(f"{key}.by", rule["by"], 0, limits[1] - limits[0], where)


def _check_flips(key: str, rule: object, where: str) -> None:
    if not isinstance(rule, Mapping) or "since" not in rule:
        raise F07Error(f"{where}: {key} is {rule!r}; it must hold at_most and since, like {{at_most: 0, since: v701}}.")
    _check_names(key, rule, FLIP_KEYS, where)
    check_variant(rule["since"], f"{where}: {key}.since")
    most = rule.get("at_most", 0)
    if isinstance(most, bool) or not isinstance(most, int) or most < 0:
        raise F07Error(f"{where}: {key}.at_most is {most!r}; it must be a whole number of at least 0.")


def _check_names(key: str, rule: Mapping[Any, Any], valid: Sequence[str], where: str) -> None:
    for name in rule:
        if name not in valid:
            names = ", ".join(f"{key}.{name}" for name in valid)
            raise F07Error(f"{where}: unknown key {f'{key}.{name}'!r}; valid keys are {names}.")


def _check_number(key: str, value: object, low: float, high: float, where: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise F07Error(f"{where}: {key} is {value!r}; it must be a number from {low:g} to {high:g}.")
