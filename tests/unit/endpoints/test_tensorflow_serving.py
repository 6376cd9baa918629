"""Test what TensorFlow Serving alone has: versions, and a signature."""

from __future__ import annotations

import pytest

from pytest_f07.errors import BrokenRun
from pytest_f07.variant.address import ModelAddress
from tests.unit.endpoints.small_models import WINDOWS
from tests.unit.endpoints.small_servers import ask, asked


def test_a_version_that_changed_is_told_by_the_status_route() -> None:
    with asked("tensorflow-serving", fault="version") as endpoint:
        before = endpoint.identity()
        for _ in range(20):
            endpoint.receive_batch(endpoint.send_batch(WINDOWS))
        assert before["models"]["Trip"] == {"available_versions": "1"}
        assert endpoint.identity()["models"]["Trip"] == {"available_versions": "2"}


def test_a_version_that_params_yaml_names_is_asked_for() -> None:
    models = {"Trip": ModelAddress(version="7")}
    with asked("tensorflow-serving", models) as endpoint:
        addresses = [endpoint.address(model) for model in endpoint.models]  # type: ignore[attr-defined]  # of tensors
        assert addresses[0].endswith("/v1/models/Trip/versions/7")
        assert addresses[1].endswith("/v1/models/overload")


WRONG = {
    "no such input": (ModelAddress(input="z"), "Trip has no input 'z'; it has x"),
    "no such output": (ModelAddress(output="z"), "Trip has no output 'z'; it has dense"),
}


@pytest.mark.parametrize(("address", "message"), WRONG.values(), ids=WRONG)
def test_a_name_that_the_signature_has_not_is_one_line(address: ModelAddress, message: str) -> None:
    with asked("tensorflow-serving", {"Trip": address}) as endpoint, pytest.raises(BrokenRun) as caught:
        ask(endpoint)
    assert str(caught.value).endswith(f"/v1/models/Trip/metadata: {message}")


def test_the_types_of_the_signature_are_sent() -> None:
    with asked("tensorflow-serving") as endpoint:
        endpoint.identity()
        assert {model.name: str(model.dtype) for model in endpoint.models} == {
            "Trip": "<class 'numpy.float32'>",
            "overload": "<class 'numpy.int32'>",
        }
