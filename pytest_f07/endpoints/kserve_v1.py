"""Speak KServe's V1 protocol: ``instances`` to ``predictions``, row by row.

https://kserve.github.io/website/docs/concepts/architecture/data-plane/v1-protocol
"""

from __future__ import annotations

import json
from typing import Any

from pytest_f07.endpoints.http import Answer, Pending
from pytest_f07.endpoints.tensors import Tensor, TensorEndpoint, TensorModel, read_json_scores
from pytest_f07.errors import BrokenRun
from pytest_f07.windows import Float32Array


class KserveV1Endpoint(TensorEndpoint):
    """A server that speaks KServe's V1 protocol."""

    def address(self, model: TensorModel) -> str:
        """Return the address of a model."""
        return f"{model.base}/v1/models/{model.path}"

    def describe(self, model: TensorModel) -> dict[str, Any]:
        """Return whether the model is ready, by its status route."""
        status = self.http.get(self.address(model)).checked().mapping()
        if str(status.get("ready", True)).lower() != "true":
            raise BrokenRun(f"{self.address(model)} says that {model.name} is not ready")
        return {"name": status.get("name", model.name)}

    def send(self, model: TensorModel, tensor: Tensor) -> Pending:
        """Ask a model about rows."""
        rows = tensor.tolist()
        instances = rows if model.input is None else [{model.input: row} for row in rows]
        return self.http.send(f"{self.address(model)}:predict", json.dumps({"instances": instances}).encode())

    def read(self, model: TensorModel, answer: Answer, rows: int) -> Float32Array:
        """Return the scores of a model."""
        document = answer.mapping()
        if "predictions" not in document:
            raise BrokenRun(f"{answer.url} answered no predictions but {', '.join(map(str, document)) or 'nothing'}")
        return read_json_scores(document["predictions"], rows, model, answer.url)
