"""Speak with MLflow's scoring server: ``/invocations`` with ``inputs``; one server a model.

https://mlflow.org/docs/latest/genai/serving/ and ``mlflow models serve``
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pytest_f07.endpoints.http import Answer, Pending
from pytest_f07.endpoints.target import UrlTarget
from pytest_f07.endpoints.tensors import Tensor, TensorEndpoint, TensorModel, read_json_scores
from pytest_f07.errors import BrokenRun, F07Error
from pytest_f07.variant.package import Model
from pytest_f07.windows import Float32Array


class MlflowEndpoint(TensorEndpoint):
    """MLflow's scoring servers.

    :raises F07Error: where two models have one address.
    """

    def __init__(self, target: UrlTarget, models: Sequence[Model], timeout_s: float) -> None:
        super().__init__(target, models, timeout_s)
        self.provides = replace(self.provides, non_finite="exact")
        first: dict[str, str] = {}
        for model in self.models:
            if (other := first.setdefault(model.base, model.prediction_name)) != model.prediction_name:
                raise F07Error(
                    f"{other} and {model.prediction_name} have the address {model.base}, and MLflow serves one model "
                    "there. Give each its own with runtime.models.<prediction_name>.url, or {name} in runtime.url."
                )

    def describe(self, model: TensorModel) -> dict[str, Any]:
        """Return the version of the server, which must answer its health route."""
        self.http.get(f"{model.base}/ping").checked()
        version = self.http.get(f"{model.base}/version")
        return {"mlflow": version.body[:40].decode("utf-8", "replace").strip()} if version.is_good else {}

    def send(self, model: TensorModel, tensor: Tensor) -> Pending:
        """Ask a model about rows."""
        rows = tensor.tolist()
        inputs = rows if model.input is None else {model.input: rows}
        return self.http.send(f"{model.base}/invocations", json.dumps({"inputs": inputs}).encode())

    def read(self, model: TensorModel, answer: Answer, rows: int) -> Float32Array:
        """Return the scores of a model."""
        document = answer.mapping()
        if "predictions" not in document:
            raise BrokenRun(f"{answer.url} answered no predictions but {', '.join(map(str, document)) or 'nothing'}")
        return read_json_scores(document["predictions"], rows, model, answer.url)
