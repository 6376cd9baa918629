"""``python -m benchmarks.plain.server PORT PACKAGE``: all models answer with ``Model.predict``, a request at a time."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from flask import Flask, jsonify, request

app = Flask(__name__)
models: list[tuple[dict[str, Any], Any]] = []


def vectorize(window: list[int], made: dict[str, Any]) -> list[float]:
    """One window as F05 vectorized it, code by code."""
    places = {code: place for place, code in enumerate(made["vocab"])}
    if made["vectorization"] == "dense_bow":
        counts = [0.0] * made["input_dim"]
        for code in window:
            if code in places:
                counts[places[code]] += 1
        return counts
    known = [float(places[code] + 1) for code in window if code in places][-made["max_len"] :]
    return [0.0] * (made["max_len"] - len(known)) + known


@app.get("/")
def ready() -> Any:
    """Say that it is ready."""
    return jsonify(status="ready")


@app.post("/infer_batch")
def infer_batch() -> Any:
    """Every model's answer to each window."""
    windows = request.get_json()["windows"]
    results: list[dict[str, Any]] = [{"window": window, "results": []} for window in windows]
    for summary, model in models:
        made = summary["vectorization"]
        kind = np.float32 if made["vectorization"] == "dense_bow" else np.int32
        inputs = np.array([vectorize(window, made) for window in windows], dtype=kind)
        for result, score in zip(results, model.predict(inputs, verbose=0)[:, 0], strict=True):
            y_pred = int(score >= summary.get("threshold", 0.5))
            result["results"].append(
                {"prediction_name": summary["prediction_name"], "y_pred": y_pred, "y_prob": float(score)}
            )
    return jsonify(results=results)


if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    for folder in sorted(Path(sys.argv[2], "models").iterdir()):
        summary = json.loads((folder / "model_summary.json").read_text())
        models.append((summary, tf.keras.models.load_model(folder / "model.h5", compile=False)))
    app.run(port=int(sys.argv[1]))
