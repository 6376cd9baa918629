"""Open the endpoint of a target: the one place that knows all protocols."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pytest_f07.endpoints.endpoint import Endpoint
from pytest_f07.endpoints.f07 import Client
from pytest_f07.endpoints.target import ManagedTarget, Target
from pytest_f07.variant.package import Model


def connect(target: Target, models: Sequence[Model], manifest_sha256: str, timeout_s: float) -> Endpoint[Any]:
    """Return the endpoint of a target; no request is sent yet.

    :param models: of the package, in order.
    :param manifest_sha256: that the run's own server must serve.
    """
    names = tuple(model.prediction_name for model in models)
    if isinstance(target, ManagedTarget):
        return Client(target.host, target.port, names, manifest_sha256, target.nonce, timeout_s)
    match target.protocol:
        case _:
            return Client.of_url(target, names, timeout_s)
