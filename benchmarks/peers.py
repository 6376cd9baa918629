"""MLflow's and BentoML's servers with the same models, beside ours (``make bench PEERS=1``)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from benchmarks.protocols import Deployment
from pytest_f07.endpoints.endpoint import Endpoint
from pytest_f07.endpoints.http import Answer, Pending
from pytest_f07.endpoints.target import UrlTarget
from pytest_f07.endpoints.tensors import Tensor, TensorEndpoint, TensorModel, read_json_scores
from pytest_f07.errors import BrokenRun
from pytest_f07.variant.package import Model
from pytest_f07.windows import Float32Array


class BentoEndpoint(TensorEndpoint):
    """A service of ``tests/servers/serve_bentoml.py``: a route for all models, as BentoML's own routes are."""

    def describe(self, model: TensorModel) -> dict[str, Any]:
        """Return nothing: a service tells what its author writes."""
        self.http.get(f"{model.base}/readyz").checked()
        return {}

    def send(self, model: TensorModel, tensor: Tensor) -> Pending:
        """Ask a model about rows."""
        body = {"name": model.prediction_name, "rows": tensor.tolist()}
        return self.http.send(f"{model.base}/score", json.dumps(body).encode())

    def read(self, model: TensorModel, answer: Answer, rows: int) -> Float32Array:
        """Return the scores of a model."""
        try:
            document = json.loads(answer.body)
        except ValueError as error:
            raise BrokenRun(f"{answer.url} answered no JSON") from error
        return read_json_scores(document, rows, model, answer.url)


def connect_bento(target: UrlTarget, models: Sequence[Model], _: str, timeout_s: float) -> Endpoint[Any]:
    """Return the endpoint of a BentoML service."""
    return BentoEndpoint(target, models, timeout_s)


DEPLOYMENTS = [
    Deployment("MLflow", "mlflow", "mlflow"),
    Deployment("BentoML", "bentoml", "bentoml", connect_bento),
]
