"""Ask a server about a model's rows in each way that it knows, with nothing but requests: one function for each."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import numpy as np
import requests

from tests.servers.running import RunningServer

DATATYPES = {"float32": "FP32", "int32": "INT32", "int64": "INT64"}
DTYPES = {"FP32": "<f4", "INT64": "<i8"}
LENGTH = "Inference-Header-Content-Length"
TIMEOUT_S = 60


def path_of(server: RunningServer, name: str, path: str) -> str:
    return server.urls[name] + path.format(name=quote(name, safe=""))


def post(url: str, **content: Any) -> requests.Response:
    response = requests.post(url, timeout=TIMEOUT_S, **content)
    assert response.status_code == 200, f"{response.status_code}: {response.text[:500]}"
    return response


def ask_rows(server: RunningServer, name: str, rows: np.ndarray) -> Any:
    """TensorFlow Serving's row format, which is KServe's V1 too."""
    return post(path_of(server, name, "/v1/models/{name}:predict"), json={"instances": rows.tolist()}).json()[
        "predictions"
    ]


def ask_columns(server: RunningServer, name: str, rows: np.ndarray) -> Any:
    """TensorFlow Serving's column format, of one input."""
    return post(path_of(server, name, "/v1/models/{name}:predict"), json={"inputs": rows.tolist()}).json()["outputs"]


def ask_inference(server: RunningServer, name: str, rows: np.ndarray) -> Any:
    """The Open Inference Protocol in JSON; the answer is flat, in the order of the rows."""
    tensor = {**describe(rows), "data": rows.ravel().tolist()}
    answer = post(path_of(server, name, "/v2/models/{name}/infer"), json={"inputs": [tensor]}).json()
    (output,) = answer["outputs"]
    assert answer["model_name"] == name
    return np.reshape(np.array(output["data"], object), output["shape"]).tolist()


def ask_binary(server: RunningServer, name: str, rows: np.ndarray) -> Any:
    """The same with binary tensors, both ways."""
    content = rows.astype(rows.dtype.newbyteorder("<")).tobytes()
    tensor = {**describe(rows), "parameters": {"binary_data_size": len(content)}}
    header = json.dumps({"inputs": [tensor], "parameters": {"binary_data_output": True}}).encode()
    headers = {LENGTH: str(len(header)), "Content-Type": "application/octet-stream"}
    response = post(path_of(server, name, "/v2/models/{name}/infer"), data=header + content, headers=headers)
    length = int(response.headers[LENGTH])
    (output,) = json.loads(response.content[:length])["outputs"]
    assert output["parameters"]["binary_data_size"] == len(response.content) - length
    scores = np.frombuffer(response.content[length:], DTYPES[output["datatype"]])
    return scores.reshape(output["shape"]).tolist()


def ask_invocations(server: RunningServer, name: str, rows: np.ndarray) -> Any:
    """MLflow's tensor input."""
    return post(path_of(server, name, "/invocations"), json={"inputs": rows.tolist()}).json()["predictions"]


def describe(rows: np.ndarray) -> dict[str, Any]:
    return {"name": "x", "shape": list(rows.shape), "datatype": DATATYPES[rows.dtype.name]}


Asking = Callable[[RunningServer, str, np.ndarray], Any]
# The kind of server, how it is asked, and how it says that a score is not a number.
WAYS: dict[str, tuple[str, Asking, str]] = {
    "kserve-v1": ("kserve", ask_rows, "null"),
    "kserve-inference": ("kserve", ask_inference, "null"),
    "kserve-binary": ("kserve", ask_binary, "NaN"),
    "mlserver-inference": ("mlserver", ask_inference, "null"),
    "mlflow": ("mlflow", ask_invocations, "NaN"),
    "triton-inference": ("triton", ask_inference, "NaN"),
    "triton-binary": ("triton", ask_binary, "NaN"),
    "tensorflow-serving-rows": ("tensorflow_serving", ask_rows, "NaN"),
    "tensorflow-serving-columns": ("tensorflow_serving", ask_columns, "NaN"),
}
