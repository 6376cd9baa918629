"""Serve a package's models with MLflow's scoring server: one model on each port, all in one process.

A model has a signature, one tensor without a name, as MLflow infers it from an array; MLflow enforces it.

``python -m tests.servers.serve_mlflow PACKAGE PORT PORT …``, the ports in the order of the models' names.
"""

from __future__ import annotations

import threading

import mlflow
import numpy as np
import uvicorn
from mlflow.models import Model, ModelSignature
from mlflow.pyfunc import PyFuncModel, scoring_server
from mlflow.types import Schema, TensorSpec

from tests.servers.deployed import Deployed, load, read_arguments


class Served:
    """A model as MLflow calls it."""

    def __init__(self, model: Deployed) -> None:
        self.model = model

    def predict(self, rows: np.ndarray, params: object = None) -> np.ndarray:
        return self.model.score(rows)


def make_server(model: Deployed, port: int) -> uvicorn.Server:
    """Make the scoring server of one model, as loading it from a folder would."""
    rows = Schema([TensorSpec(model.dtype, (-1, model.width))])
    scores = Schema([TensorSpec(np.dtype(np.float32), (-1, 1))])
    description = Model(signature=ModelSignature(rows, scores), flavors={mlflow.pyfunc.FLAVOR_NAME: {}})
    app = scoring_server.init(PyFuncModel(description, Served(model)))
    return uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))


def main() -> None:
    arguments = read_arguments()
    models = load(arguments.package)
    servers = [make_server(model, port) for model, port in zip(models, arguments.ports, strict=True)]
    threads = [threading.Thread(target=server.run, daemon=True) for server in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
