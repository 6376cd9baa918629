from __future__ import annotations

import re

import pytest

from pytest_f07.errors import F07Error
from pytest_f07.variant.params import Params

LIMITS = {"recall": (0.0, 1.0), "f1": (0.0, 1.0), "mcc": (-1.0, 1.0)}


def params(require: object) -> Params:
    return Params.parse({"parent_variant_f06": "v601", "require": require}, "params.yaml")


def test_what_is_said_of_a_model_replaces_what_is_said_of_all() -> None:
    found = params({"recall": 0.8, "precision": 0.1, "a.b": {"recall": 0.9}})
    assert found.requirements.least("other") == {"recall": 0.8, "precision": 0.1}
    assert found.requirements.least("a.b") == {"recall": 0.9, "precision": 0.1}
    assert found.document()["require"] == {"recall": 0.8, "precision": 0.1, "a.b": {"recall": 0.9}}
    assert Params.parse(found.document(), "params.yaml") == found


def test_each_metric_has_its_own_range() -> None:
    params({"mcc": -1, "recall": 0, "a": {"mcc": 1, "f1": 1}}).requirements.check(LIMITS, ["a"], "p")


def test_nothing_is_required_by_default() -> None:
    assert params(None).requirements.least("a") == {}
    assert "require" not in params(None).document()


WRONG = {
    "a text": ("high", "params.yaml: require is 'high'; it must hold metrics, or prediction names and metrics."),
    "no metric": (
        {"accuracy": 0.9},
        "params.yaml: unknown key 'require.accuracy'; valid keys are require.recall, require.f1, require.mcc, "
        "require.flips.",
    ),
    "no number": ({"recall": "0.8"}, "params.yaml: require.recall is '0.8'; it must be a number from 0 to 1."),
    "too large": ({"recall": 80}, "params.yaml: require.recall is 80; it must be a number from 0 to 1."),
    "a boolean": ({"f1": True}, "params.yaml: require.f1 is True; it must be a number from 0 to 1."),
    "under its range": ({"mcc": -1.5}, "params.yaml: require.mcc is -1.5; it must be a number from -1 to 1."),
    "negative": ({"f1": -0.5}, "params.yaml: require.f1 is -0.5; it must be a number from 0 to 1."),
    "NaN": ({"f1": float("nan")}, "params.yaml: require.f1 is nan; it must be a number from 0 to 1."),
    "no metric of a model": (
        {"a": {"auc": 0.9}},
        "params.yaml: unknown key 'require.a.auc'; valid keys are require.a.recall, require.a.f1, require.a.mcc, "
        "require.a.flips.",
    ),
    "no number of a model": (
        {"a": {"f1": None}},
        "params.yaml: require.a.f1 is None; it must be a number from 0 to 1.",
    ),
}


WRONG |= {
    "an unknown key of a rule": (
        {"recall": {"at_least": 0.5, "not_under": "v701"}},
        "params.yaml: unknown key 'require.recall.not_under'; valid keys are require.recall.at_least, "
        "require.recall.not_below, require.recall.by.",
    ),
    "a rule's value out of range": (
        {"recall": {"at_least": 8}},
        "params.yaml: require.recall.at_least is 8; it must be a number from 0 to 1.",
    ),
    "no variant": (
        {"recall": {"not_below": "best"}},
        "params.yaml: require.recall.not_below is 'best'; it must be 'v' and at least three digits, like v701.",
    ),
    "by without a run": (
        {"recall": {"at_least": 0.5, "by": 0.1}},
        "params.yaml: require.recall.by says how far it may fall, and needs require.recall.not_below, a variant like "
        "v701.",
    ),
    "by out of range": (
        {"mcc": {"not_below": "v701", "by": 3}},
        "params.yaml: require.mcc.by is 3; it must be a number from 0 to 2.",
    ),
    "flips as a number": (
        {"flips": 0},
        "params.yaml: require.flips is 0; it must hold at_most and since, like {at_most: 0, since: v701}.",
    ),
    "flips since no variant": (
        {"flips": {"since": 701}},
        "params.yaml: require.flips.since is 701; it must be 'v' and at least three digits, like v701.",
    ),
    "a share of flips": (
        {"flips": {"at_most": 0.5, "since": "v701"}},
        "params.yaml: require.flips.at_most is 0.5; it must be a whole number of at least 0.",
    ),
    "significance": (
        {"significance": 5},
        "params.yaml: require.significance is 5; it must be a number from 0 to 1.",
    ),
    "a model under models": (
        {"models": {"b": {"recall": 0.9}}},
        "params.yaml: require names 'b', which is no model of this variant; its models are a.",
    ),
}


@pytest.mark.parametrize(("require", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_named(require: object, message: str) -> None:
    with pytest.raises(F07Error, match=f"^{re.escape(message)}$"):
        params(require).requirements.check(LIMITS, ["a"], "params.yaml")


def test_a_model_that_is_not_there_is_named() -> None:
    with pytest.raises(
        F07Error, match=r"^p: require names 'c', which is no model of this variant; its models are a, b\.$"
    ):
        params({"recall": 0.5, "c": {"recall": 0.9}}).requirements.check(LIMITS, ["a", "b"], "p")


RELATIVE = {
    "recall": {"at_least": 0.8, "not_below": "v701", "by": 0.01},
    "precision": {"not_below": "v702"},
    "f1": 0.5,
    "flips": {"at_most": 3, "since": "v701"},
    "significance": 0.05,
    "models": {"a": {"recall": {"not_below": "v703"}, "flips": {"since": "v701"}}},
}


def test_rules_that_compare_with_an_earlier_run() -> None:
    requirements = params(RELATIVE).requirements
    assert requirements.significance == 0.05
    assert requirements.baselines == ["v701", "v702", "v703"]
    assert requirements.least("b") == {"recall": 0.8, "f1": 0.5}
    assert [rule.text for rule in requirements.relative("b")] == [
        "recall: {not_below: v701, by: 0.01}",
        "precision: {not_below: v702}",
        "flips: {at_most: 3, since: v701}",
    ]
    assert requirements.least("a") == {"f1": 0.5}
    assert [rule.text for rule in requirements.relative("a")] == [
        "recall: {not_below: v703}",
        "precision: {not_below: v702}",
        "flips: {at_most: 0, since: v701}",
    ]
    requirements.check({**LIMITS, "precision": (0.0, 1.0)}, ["a"], "params.yaml")


def test_params_yaml_keeps_rules_as_they_are() -> None:
    required = params(RELATIVE)
    assert required.document()["require"] == RELATIVE
    assert Params.parse(required.document(), "params.yaml") == required


@pytest.mark.parametrize("name", ["models", "flips", "recall", "significance"])
def test_a_model_may_be_called_like_a_key(name: str) -> None:
    requirements = params({"models": {name: {"recall": 0.9}}}).requirements
    requirements.check(LIMITS, [name], "params.yaml")
    assert requirements.least(name) == {"recall": 0.9}
    assert requirements.least("other") == {}
