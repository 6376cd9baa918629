"""Test what MLflow alone has: one server a model."""

from __future__ import annotations

import pytest

from pytest_f07.endpoints.connect import connect
from pytest_f07.endpoints.target import UrlTarget
from pytest_f07.errors import F07Error
from tests.unit.endpoints.small_models import MODELS
from tests.unit.endpoints.small_servers import asked


def test_one_mlflow_server_cannot_serve_two_models() -> None:
    with pytest.raises(F07Error) as caught:
        connect(UrlTarget("http://127.0.0.1:1", "mlflow"), MODELS, "", 60)
    assert str(caught.value) == (
        "Trip and overload have the address http://127.0.0.1:1, and MLflow serves one model there. Give each its own "
        "with runtime.models.<prediction_name>.url, or {name} in runtime.url."
    )


def test_the_version_of_the_server_is_told() -> None:
    with asked("mlflow") as endpoint:
        assert endpoint.identity() == {"models": {"Trip": {"mlflow": "3.17.2"}, "overload": {"mlflow": "3.17.2"}}}
