"""Answer as the pipeline's own phase 07 server does: labels alone, errors in HTML, no /infer, no headers, no digests.

``python -m tests.servers.serve_pipeline PACKAGE PORT``
"""

from __future__ import annotations

from typing import Any

import numpy as np
from flask import Flask, jsonify, request

from tests.servers.deployed import Deployed, load, read_arguments, vectorize


def create_app(models: list[Deployed]) -> Flask:
    """Make the server's routes; whatever it does not expect ends in Flask's own 500."""
    app = Flask(__name__)

    @app.get("/")
    def status() -> Any:
        return jsonify(status="ready", models=len(models))

    @app.post("/infer_batch")
    def infer_batch() -> Any:
        windows = request.get_json()["windows"]
        if not windows:
            raise ValueError("zero-size array")  # where the pipeline's vectorization stacks nothing
        labels = [label(model, windows) for model in models]
        results = [
            {
                "window": window,
                "results": [
                    {"prediction_name": m.name.lower(), "y_pred": int(y[row])}
                    for m, y in zip(models, labels, strict=True)
                ],
            }
            for row, window in enumerate(windows)
        ]
        return jsonify(results=results)

    @app.after_request
    def close(response: Any) -> Any:
        response.headers["Connection"] = "close"
        return response

    return app


def label(model: Deployed, windows: list[list[int]]) -> np.ndarray:
    scores = model.score(vectorize(model, windows)).reshape(-1)
    return (scores >= np.float32(model.threshold)).astype(int)


def main() -> None:
    arguments = read_arguments()
    app = create_app(load(arguments.package))
    app.run("127.0.0.1", arguments.ports[0], threaded=True)


if __name__ == "__main__":
    main()
