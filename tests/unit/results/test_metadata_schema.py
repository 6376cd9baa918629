"""The shipped JSON schema of the metadata: it describes each value that a run writes, and refuses what none does."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from conftest import Checkout
from pytest_f07.results.metric_table import METRICS
from tests.metadata_schema import SCHEMA, schema_errors

Document = dict[str, Any]


def test_it_is_a_schema_that_describes_each_metric() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    model = SCHEMA["properties"]["models"]["additionalProperties"]
    assert list(model["properties"]["metrics"]["properties"]) == [metric.key for metric in METRICS]


def test_a_run_passed_or_failed_is_as_it_describes(checkout: Checkout) -> None:
    assert schema_errors(checkout.metadata()) == []
    checkout.stub("nan")
    assert checkout.run().returncode == 1
    document = checkout.metadata()
    assert document["outcome"] == "failed"
    assert schema_errors(document) == []


def first_model(document: Document) -> Document:
    model: Document = document["models"]["feeder_overload"]
    return model


CHANGES: dict[str, tuple[Callable[[Document], object], str]] = {
    "no outcome": (lambda document: document.pop("outcome"), "$: 'outcome' is a required property"),
    "another phase": (lambda document: document.update(stage="06_packaging"), "$.stage: '07_deployrun' was expected"),
    "a count that is none": (
        lambda document: first_model(document)["metrics"].update(TP=1.5),
        "$.models.feeder_overload.metrics.TP: 1.5 is not of type 'integer'",
    ),
    "a share above 1": (
        lambda document: first_model(document)["metrics"].update(recall=1.1),
        "$.models.feeder_overload.metrics.recall: 1.1 is greater than the maximum of 1",
    ),
    "a failure without a code": (
        lambda document: first_model(document)["failures"].append({"message": "no"}),
        "$.models.feeder_overload.failures[0]: 'code' is a required property",
    ),
    "a digest that is none": (
        lambda document: document["manifest"].update(sha256="0"),
        "$.manifest.sha256: '0' does not match '^[0-9a-f]{64}$'",
    ),
    "what it does not describe": (
        lambda document: document.update(weather="fine"),
        "$: Additional properties are not allowed ('weather' was unexpected)",
    ),
}


@pytest.mark.parametrize(("change", "error"), CHANGES.values(), ids=CHANGES)
def test_what_no_run_writes_is_named(checkout: Checkout, change: Callable[[Document], object], error: str) -> None:
    document = json.loads(json.dumps(checkout.metadata()))
    change(document)
    assert schema_errors(document) == [error]


def test_what_a_later_version_adds_is_allowed(checkout: Checkout) -> None:
    document = {**checkout.metadata(), "weather": "fine"}
    assert list(Draft202012Validator(SCHEMA).iter_errors(document)) == []
