"""Define the test that a manifest collects: one item per prediction_name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_f07.results.run_result import RunResult


@pytest.fixture(autouse=True)
def _name_the_model(request: pytest.FixtureRequest, prediction_name: str) -> None:
    request.node.user_properties.append(("prediction_name", prediction_name))


def test_runtime_validation(prediction_name: str, request: pytest.FixtureRequest) -> None:
    """Fail with a sentence for each way in which the model in a real runtime differs from its package."""
    # Requested here and not as an argument: where the host skips every item, no replay begins.
    result: RunResult = request.getfixturevalue("f07_result")
    verdict = result.verdicts[prediction_name]
    equivalence = verdict.equivalence.row() if verdict.equivalence else {}
    checks = {f"check_{check.key}": check.text for check in result.checks}
    codes = ",".join(failure.code for failure in verdict.failures)
    properties = {**verdict.row(), **equivalence, **checks, "code": codes}
    for change in result.comparison.models if result.comparison else ():
        if change.prediction_name == prediction_name:
            properties["comparison"] = " ".join(change.sentences)
    told = {key: value for key, value in properties.items() if key != "prediction_name" and value is not None}
    request.node.user_properties += told.items()
    if verdict.failures:
        pytest.fail(verdict.text, pytrace=False)
