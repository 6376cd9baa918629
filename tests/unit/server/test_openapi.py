"""The OpenAPI document: it names the models and refers only to schemas that it holds."""

from __future__ import annotations

import json
import re

from pytest_f07 import wire
from pytest_f07.server.openapi import document


def test_every_reference_leads_to_a_schema() -> None:
    described = document(["a", "b"])
    references = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(described)))
    assert references == set(described["components"]["schemas"])


def test_an_answer_holds_each_model_exactly_once() -> None:
    results = document(["a", "b"])["components"]["schemas"]["Answer"]["properties"]["results"]
    assert (results["minItems"], results["maxItems"]) == (2, 2)
    assert results["items"]["properties"]["prediction_name"] == {"enum": ["a", "b"]}


def test_batches_are_described_as_json_and_as_arrow() -> None:
    post = document(["a"])["paths"]["/infer_batch"]["post"]
    assert set(post["requestBody"]["content"]) == set(post["responses"]["200"]["content"]) == {wire.JSON, wire.ARROW}
    assert set(post["responses"]) == {"200", "400", "413", "415", "500"}
