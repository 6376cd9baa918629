"""Small servers that speak the protocols of others, for tests: exchanges as their documentation and tests have them.

They run in a thread of the test's own process; ``predict`` gives a model's scores of a tensor. A fault changes answers
the way real servers get them wrong.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from flask import Flask, Response, request
from werkzeug.serving import make_server

from pytest_f07.server.http import _QuietHandler
from pytest_f07.windows import windows_of

Predict = Callable[[str, np.ndarray], np.ndarray]
HEADER = "Inference-Header-Content-Length"


@contextmanager
def serving(app: Flask, ssl_context: Any = None) -> Iterator[str]:
    """Serve ``app`` until the end of the block, and yield its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_QuietHandler, ssl_context=ssl_context)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"{'https' if ssl_context else 'http'}://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def plain_scores(name: str, tensor: np.ndarray) -> np.ndarray:
    """Return scores between 0 and 1 that depend on name and row alone; no model gives them."""
    weights = np.arange(1, tensor.shape[1] + 1) * (1 + len(name))
    return np.asarray((tensor.astype(np.float64) @ weights * 37 % 101) / 101, np.float32)


@dataclass
class Served:
    """The models of a server, and how it gets its answers wrong.

    :param widths: of the input of each model, by the server's name.
    :param dtypes: of the input of each model.
    """

    widths: Mapping[str, int]
    predict: Predict = plain_scores
    dtypes: Mapping[str, str] = field(default_factory=dict)
    fault: str = "none"
    requests: int = 0
    asked: list[Any] = field(default_factory=list)

    def scores(self, name: str, tensor: np.ndarray) -> np.ndarray:
        """Return the scores of a model, wrong where the fault says so."""
        self.requests += 1
        names = list(self.widths)
        if self.fault == "model_swapped":
            others = [other for other in names if other != name and self.widths[other] == self.widths[name]]
            name = others[0] if others else name
        scores = np.array(self.predict(name, tensor), np.float32)
        if len(scores) > 1:
            match self.fault:
                case "off_by_one":
                    scores = np.roll(scores, 1)
                case "rows_swapped" if self.requests % 5 == 4:
                    scores[[0, 1]] = scores[[1, 0]]
                case "lost":
                    scores = scores[1:]
                case "noise":
                    scores = scores + np.float32(self.requests * 1e-3)
        if self.fault == "nan_as_number":
            scores = np.nan_to_num(scores)
        if self.fault == "float16":
            scores = scores.astype(np.float16).astype(np.float32)
        return np.asarray(scores)

    @property
    def version(self) -> str:
        """Return the version, which changes in the middle of a run where the fault says so."""
        return "2" if self.fault == "version" and self.requests > 20 else "1"


def numbers(served: Served, scores: np.ndarray, nan: str = "NaN") -> str:
    """Return scores as JSON: a list of lists of one, with a token for what is no number."""
    if served.fault == "ints":
        return json.dumps([[int(score)] for score in np.nan_to_num(scores)])
    if served.fault == "two":
        return json.dumps([[0.5, 0.5] for _ in scores])
    if served.fault == "text":
        return json.dumps([["0.5"] for _ in scores])
    texts = [nan if np.isnan(score) else repr(float(score)) for score in scores]
    return "[" + ",".join(f"[{text}]" for text in texts) + "]"


def error(message: str, status: int) -> Response:
    return Response(json.dumps({"error": message}), status, content_type="application/json")


def rows_app(served: Served, nan: str, metadata: bool) -> Flask:
    """Return TensorFlow Serving (``metadata``), or a server of KServe's V1 protocol."""
    app = Flask(__name__)

    @app.get("/v1/models/<name>")
    def status(name: str) -> Any:
        if name not in served.widths or served.fault == "no-model":
            return error(f"Could not find any versions of model {name}", 404)
        if not metadata:
            return {"name": name, "ready": served.fault != "loading"}
        state = "LOADING" if served.fault == "loading" else "AVAILABLE"
        told = {"version": served.version, "state": state, "status": {"error_code": "OK", "error_message": ""}}
        return {"model_version_status": [told]}

    @app.get("/v1/models/<name>/metadata")
    def describe(name: str) -> Any:
        if not metadata:
            return error("no such route", 404)
        width = served.widths[name] + (served.fault == "width")
        dims = [{"size": "-1", "name": ""}, {"size": str(width), "name": ""}]
        tensor = {"dtype": served.dtypes.get(name, "DT_FLOAT"), "tensor_shape": {"dim": dims, "unknown_rank": False}}
        outputs = {"dense": {"dtype": "DT_FLOAT"}} | ({"more": {}} if served.fault == "outputs" else {})
        signature = {"inputs": {"x": tensor}, "outputs": outputs, "method_name": "tensorflow/serving/predict"}
        return {
            "model_spec": {"name": name, "signature_name": "", "version": "1"},
            "metadata": {"signature_def": {"signature_def": {"serving_default": signature}}},
        }

    @app.post("/v1/models/<name>:predict")
    def predict(name: str) -> Any:
        instances = request.get_json()["instances"]
        served.asked.append(instances)
        rows = [row["x"] if isinstance(row, dict) else row for row in instances]
        return Response('{\n    "predictions": ' + numbers(served, served.scores(name, np.array(rows)), nan) + "\n}")

    return app


def mlflow_app(served: Served) -> Flask:
    """Return MLflow's scoring servers, each model below its name."""
    app = Flask(__name__)

    @app.get("/<name>/ping")
    def ping(name: str) -> Any:
        return "\n"

    @app.get("/<name>/version")
    def version(name: str) -> Any:
        return "3.17.2"

    @app.post("/<name>/invocations")
    def invoke(name: str) -> Any:
        document = request.get_json()
        if list(document) != ["inputs"]:
            return {"error_code": "BAD_REQUEST", "message": "The input must be a JSON dictionary with exactly one"}, 400
        return Response('{"predictions": ' + numbers(served, served.scores(name, np.array(document["inputs"]))) + "}")

    return app


def open_inference_app(served: Served, binary: bool = True) -> Flask:
    """Return a server of the Open Inference Protocol: Triton where ``binary``, else as MLServer answers."""
    app = Flask(__name__)
    dtypes = {"FP32": "<f4", "INT32": "<i4"}

    @app.get("/v2/models/<name>/ready")
    def ready(name: str) -> Any:
        if served.fault == "loading":
            return error("Model version not ready", 400)
        return "" if name in served.widths else error("Model version not ready", 400)

    @app.get("/v2/models/<name>")
    def describe(name: str) -> Any:
        tensors: dict[str, list[Any]] = {"inputs": [], "outputs": []}
        if binary:
            datatype, width = served.dtypes.get(name, "FP32"), served.widths[name] + (served.fault == "width")
            tensors["inputs"] = [{"name": "x", "datatype": datatype, "shape": [-1, width]}]
            tensors["outputs"] = [{"name": "y", "datatype": "FP32", "shape": [-1, 1]}]
        return {"name": name, "versions": [served.version], "platform": "keras", **tensors}

    @app.post("/v2/models/<name>/infer")
    def infer(name: str) -> Any:
        body, length = request.get_data(), request.headers.get(HEADER)
        if length is not None and not binary:
            return {"detail": [{"type": "json_invalid", "msg": "JSON decode error"}]}, 422
        document = json.loads(body[: int(length)] if length else body)
        [tensor] = document["inputs"]
        if tensor["name"] not in ("x", "input"):
            return error(f"unexpected inference input '{tensor['name']}'", 400)
        dtype = dtypes[tensor["datatype"]]
        data = np.frombuffer(body[int(length) :], dtype) if length else np.array(tensor["data"], dtype)
        scores = served.scores(name, data.reshape(tensor["shape"]))
        answered = "another" if served.fault == "another-model" else name
        output: dict[str, Any] = {"name": "y", "shape": [len(scores), 1], "datatype": "FP32"}
        answer: dict[str, Any] = {"model_name": answered, "model_version": served.version, "outputs": [output]}
        if served.fault == "ints":
            output["datatype"] = "INT64"
        if served.fault == "two":
            output["shape"] = [len(scores), 2]
        if length:
            raw = scores.astype("<f4").tobytes()
            output["parameters"] = {"binary_data_size": len(raw)}
            head = json.dumps(answer).encode()
            return Response(head + raw, headers={HEADER: str(len(head))}, content_type="application/octet-stream")
        output["data"] = "DATA"
        values = numbers(served, scores, "null")
        if served.fault == "none":
            values = values.replace("[[", "[").replace("]]", "]").replace("],[", ",")  # flat is as good as nested
        return Response(json.dumps(answer).replace('"DATA"', values), content_type="application/json")

    return app


def pipeline_app(predict: Callable[[list[list[int]]], Mapping[str, np.ndarray]], fault: str = "none") -> Flask:
    """Return the pipeline's own server: labels alone, names in lower case, HTML where it fails.

    :param predict: the labels of every model, by name.
    """
    app = Flask(__name__)

    @app.get("/")
    def ready() -> Any:
        return {"models": 2, "status": "loading" if fault == "loading" else "ready"}

    @app.post("/infer_batch")
    def infer_batch() -> Any:
        windows = request.get_json()["windows"]
        if not windows:
            raise ValueError("an empty list is a 500 there")
        labels = predict(windows)
        rows = [
            {
                "window": window,
                "results": [{"prediction_name": name.lower(), "y_pred": int(labels[name][row])} for name in labels],
            }
            for row, window in enumerate(windows)
        ]
        match fault:
            case "order" if len(rows) > 1:
                rows.reverse()
            case "lost" if len(rows) > 1:
                rows.pop()
            case "model":
                for row in rows:
                    row["results"].pop()
            case "label":
                rows[0]["results"][0]["y_pred"] = 2
            case "no-window":
                for row in rows:
                    del row["window"]
        return {"results": rows}

    return app


def window_sums(windows: list[list[int]]) -> np.ndarray:
    """Return a number for each window, which depends on it alone."""
    return np.array([sum(window) for window in windows])


def lists(windows: Any) -> list[list[int]]:
    """Return an Arrow array of windows as lists."""
    return windows_of(windows).lists()
