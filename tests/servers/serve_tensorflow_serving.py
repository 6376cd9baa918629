"""Answer as TensorFlow Serving's REST interface does; it cannot be installed here.

Written from its documentation (api_rest.md) and its own sources and tests (json_tensor.cc, http_rest_api_util.cc):
row and column format, NaN and Infinity as bare tokens, whole numbers with ``.0``, float32 in the shortest text that is
read back exactly, a status route, a metadata route, versions and errors as JSON with the status of their kind.

``python -m tests.servers.serve_tensorflow_serving PACKAGE PORT``
"""

from __future__ import annotations

import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

from tests.servers.deployed import Deployed, load, read_arguments

VERSION = "1"
ROUTE = re.compile(r"/v1/models/(?P<name>[^/:]+)(?:/versions/(?P<version>\d+))?(?P<verb>/metadata|:predict)?", re.I)
INVALID, MISSING = 400, 404


class Refusal(Exception):
    """An error as the server answers it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def text(scores: np.ndarray) -> str:
    """Write scores as ``json_tensor.cc`` does: nested lists, numbers in their shortest exact text."""
    if scores.ndim:
        return "[" + ", ".join(text(part) for part in scores) + "]"
    if scores.dtype.kind == "i":
        return str(int(scores))
    if np.isnan(scores):
        return "NaN"
    if np.isinf(scores):
        return "Infinity" if scores > 0 else "-Infinity"
    return str(np.float32(scores))


def rows_of(given: Any, model: Deployed) -> np.ndarray:
    """Return the input that a request holds.

    :raises Refusal: where it is no tensor of the model's shape.
    """
    try:
        rows = np.array(given)
    except ValueError:  # lists of several lengths
        raise Refusal(
            INVALID, "Failed to process element: 1 of 'instances' list. Encountered list at unexpected size"
        ) from None
    if rows.dtype.kind not in "iuf":
        raise Refusal(
            INVALID, f"JSON Value: {json.dumps(given)[:60]} Type: String is not of expected type: {model.dtype}"
        )
    if model.is_sequence and rows.dtype.kind == "f":
        raise Refusal(INVALID, f"JSON Value: {rows.flat[0]} Type: Number is not of expected type: int32")
    if rows.ndim != 2 or rows.shape[1] != model.width:
        raise Refusal(INVALID, f"input must have shape [?,{model.width}], not {list(rows.shape)}")
    return rows


class Answer(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    models: dict[str, Deployed]

    def do_GET(self) -> None:
        self.answer(lambda: self.tell(*self.find()))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer(lambda: self.predict(*self.find(), body))

    def find(self) -> tuple[Deployed, str]:
        """Return the model of the address, and what is asked of it."""
        route = ROUTE.fullmatch(self.path)
        if route is None:
            raise Refusal(INVALID, f"Malformed request: {self.command} {self.path}")
        name, version = route["name"], route["version"] or VERSION
        if name not in self.models or version != VERSION:
            raise Refusal(MISSING, f"Servable not found for request: Specific({name}, {version})")
        return self.models[name], (route["verb"] or "").lower()

    def tell(self, model: Deployed, verb: str) -> str:
        if verb == ":predict":
            raise Refusal(INVALID, f"Malformed request: GET {self.path}")
        if not verb:
            status = {"error_code": "OK", "error_message": ""}
            return json.dumps({"model_version_status": [{"version": VERSION, "state": "AVAILABLE", "status": status}]})
        kinds = {"float32": "DT_FLOAT", "int32": "DT_INT32"}
        given = tensor("serving_default_x:0", kinds[model.dtype.name], model.width)
        answered = tensor("StatefulPartitionedCall:0", "DT_FLOAT", 1)
        signature = {
            "inputs": {"x": given},
            "outputs": {"score": answered},
            "method_name": "tensorflow/serving/predict",
        }
        metadata = {"signature_def": {"signature_def": {"serving_default": signature}}}
        return json.dumps({"model_spec": {"name": model.name, "version": VERSION}, "metadata": metadata})

    def predict(self, model: Deployed, verb: str, body: bytes) -> str:
        if verb != ":predict":
            raise Refusal(INVALID, f"Malformed request: POST {self.path}")
        try:
            document = json.loads(body)
        except ValueError:
            raise Refusal(INVALID, "JSON Parse error: Invalid value. at offset: 0") from None
        if not isinstance(document, dict) or ("instances" in document) == ("inputs" in document):
            raise Refusal(INVALID, "Request must have one of 'instances' and 'inputs'")
        if "instances" in document:
            return f'{{"predictions": {text(model.score(rows_of(document["instances"], model)))}}}'
        return f'{{"outputs": {text(model.score(rows_of(document["inputs"], model)))}}}'

    def answer(self, ask: Any) -> None:
        try:
            status, answered = 200, ask()
        except Refusal as refusal:
            status, answered = refusal.status, json.dumps({"error": str(refusal)})
        content = answered.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def tensor(name: str, kind: str, width: int) -> dict[str, Any]:
    """Describe a tensor as the metadata route does; any number of rows is -1."""
    sizes = [{"size": str(size), "name": ""} for size in (-1, width)]
    return {"dtype": kind, "tensor_shape": {"dim": sizes, "unknown_rank": False}, "name": name}


def main() -> None:
    arguments = read_arguments()
    Answer.models = {model.name: model for model in load(arguments.package)}
    ThreadingHTTPServer(("127.0.0.1", arguments.ports[0]), Answer).serve_forever()


if __name__ == "__main__":
    main()
