"""Open the endpoint of a target: the one place that knows all protocols."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pytest_f07.endpoints.endpoint import Endpoint
from pytest_f07.endpoints.f07 import Client
from pytest_f07.endpoints.target import ManagedTarget, UrlTarget
from pytest_f07.variant.package import Model


def connect(
    target: ManagedTarget | UrlTarget, models: Sequence[Model], manifest_sha256: str, timeout_s: float
) -> Endpoint[Any]:
    """Return the endpoint of a target; no request is sent yet.

    :param models: of the package, in order.
    :param manifest_sha256: that the run's own server must serve.
    """
    names = tuple(model.prediction_name for model in models)
    if isinstance(target, ManagedTarget):
        return Client(target.host, target.port, names, manifest_sha256, target.nonce, timeout_s)
    # A run that starts its own server imports nothing of the others.
    match target.protocol:
        case "f07-json":
            from pytest_f07.endpoints.f07_json import JsonEndpoint

            return JsonEndpoint(target, models, timeout_s)
        case "tensorflow-serving":
            from pytest_f07.endpoints.tensorflow_serving import TensorflowServingEndpoint

            return TensorflowServingEndpoint(target, models, timeout_s)
        case "kserve-v1":
            from pytest_f07.endpoints.kserve_v1 import KserveV1Endpoint

            return KserveV1Endpoint(target, models, timeout_s)
        case "open-inference":
            from pytest_f07.endpoints.open_inference import OpenInferenceEndpoint

            return OpenInferenceEndpoint(target, models, timeout_s)
        case "mlflow":
            from pytest_f07.endpoints.mlflow import MlflowEndpoint

            return MlflowEndpoint(target, models, timeout_s)
        case _:
            return Client.of_url(target, names, timeout_s)
