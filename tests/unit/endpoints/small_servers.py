"""Small servers of the protocols that take tensors, for tests of endpoints."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

from flask import Flask

from pytest_f07.endpoints.connect import connect
from pytest_f07.endpoints.target import UrlTarget
from pytest_f07.endpoints.tensors import TensorEndpoint
from pytest_f07.variant.address import ModelAddress
from pytest_f07.windows import Predictions
from tests.protocol_server import Served, mlflow_app, open_inference_app, rows_app, serving
from tests.unit.endpoints.small_models import MODELS, WIDTHS, WINDOWS

TFS_DTYPES, OIP_DTYPES = {"overload": "DT_INT32"}, {"overload": "INT32"}
# By name: the protocol, the server, and the types that its metadata tell.
SERVERS: dict[str, tuple[str, Callable[[Served], Flask], Mapping[str, str]]] = {
    "tensorflow-serving": ("tensorflow-serving", lambda served: rows_app(served, "NaN", metadata=True), TFS_DTYPES),
    "kserve-v1": ("kserve-v1", lambda served: rows_app(served, "null", metadata=False), {}),
    "triton": ("open-inference", open_inference_app, OIP_DTYPES),
    "mlserver": ("open-inference", lambda served: open_inference_app(served, binary=False), {}),
    "mlflow": ("mlflow", mlflow_app, {}),
}


@contextmanager
def asked(server: str, models: Mapping[str, ModelAddress] | None = None, **values: Any) -> Iterator[TensorEndpoint]:
    """Start a small server, and yield an endpoint of it."""
    protocol, make, dtypes = SERVERS[server]
    with serving(make(Served(WIDTHS, dtypes=dtypes, **values))) as url:
        base = f"{url}/{{name}}" if protocol == "mlflow" else url
        with closing(connect(UrlTarget(base, protocol, models or {}), MODELS, "", 60)) as endpoint:
            assert isinstance(endpoint, TensorEndpoint)
            yield endpoint


def ask(endpoint: TensorEndpoint) -> Predictions:
    """Return the predictions of the windows."""
    endpoint.identity()
    return endpoint.receive_batch(endpoint.send_batch(WINDOWS))
