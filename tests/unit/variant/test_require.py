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
    assert found.required("other") == {"recall": 0.8, "precision": 0.1}
    assert found.required("a.b") == {"recall": 0.9, "precision": 0.1}
    assert found.document()["require"] == {"recall": 0.8, "precision": 0.1, "a.b": {"recall": 0.9}}
    assert Params.parse(found.document(), "params.yaml") == found


def test_each_metric_has_its_own_range() -> None:
    params({"mcc": -1, "recall": 0, "a": {"mcc": 1, "f1": 1}}).check_require(LIMITS, ["a"], "p")


def test_nothing_is_required_by_default() -> None:
    assert params(None).required("a") == {}
    assert "require" not in params(None).document()


WRONG = {
    "a text": ("high", "params.yaml: require is 'high'; it must hold metrics, or prediction names and metrics."),
    "no metric": (
        {"accuracy": 0.9},
        "params.yaml: unknown key 'require.accuracy'; valid keys are require.recall, require.f1, require.mcc.",
    ),
    "no number": ({"recall": "0.8"}, "params.yaml: require.recall is '0.8'; it must be a number from 0 to 1."),
    "too large": ({"recall": 80}, "params.yaml: require.recall is 80; it must be a number from 0 to 1."),
    "a boolean": ({"f1": True}, "params.yaml: require.f1 is True; it must be a number from 0 to 1."),
    "under its range": ({"mcc": -1.5}, "params.yaml: require.mcc is -1.5; it must be a number from -1 to 1."),
    "negative": ({"f1": -0.5}, "params.yaml: require.f1 is -0.5; it must be a number from 0 to 1."),
    "NaN": ({"f1": float("nan")}, "params.yaml: require.f1 is nan; it must be a number from 0 to 1."),
    "no metric of a model": (
        {"a": {"auc": 0.9}},
        "params.yaml: unknown key 'require.a.auc'; valid keys are require.a.recall, require.a.f1, require.a.mcc.",
    ),
    "no number of a model": (
        {"a": {"f1": None}},
        "params.yaml: require.a.f1 is None; it must be a number from 0 to 1.",
    ),
}


@pytest.mark.parametrize(("require", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_named(require: object, message: str) -> None:
    with pytest.raises(F07Error, match=f"^{re.escape(message)}$"):
        params(require).check_require(LIMITS, ["a"], "params.yaml")


def test_a_model_that_is_not_there_is_named() -> None:
    with pytest.raises(
        F07Error, match=r"^p: require names 'c', which is no model of this variant; its models are a, b\.$"
    ):
        params({"recall": 0.5, "c": {"recall": 0.9}}).check_require(LIMITS, ["a", "b"], "p")
