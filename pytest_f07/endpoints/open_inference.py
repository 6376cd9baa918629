"""Speak the Open Inference Protocol (V2) of Triton, KServe, MLServer and OpenVINO: tensors in JSON, or as they are.

https://github.com/kserve/open-inference-protocol; the binary extension: Triton's ``extension_binary_data``. Not every
server that takes the extension announces it, so each model is asked once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import numpy as np
import numpy.typing as npt

from pytest_f07.endpoints.http import JSON, Answer, Pending, shorten
from pytest_f07.endpoints.target import UrlTarget
from pytest_f07.endpoints.tensors import Tensor, TensorEndpoint, TensorModel, read_json_scores
from pytest_f07.errors import BrokenRun
from pytest_f07.variant.package import Model
from pytest_f07.windows import Float32Array

DTYPES: Mapping[str, npt.DTypeLike] = {
    "FP16": "<f2",
    "FP32": "<f4",
    "FP64": "<f8",
    "INT8": "<i1",
    "INT16": "<i2",
    "INT32": "<i4",
    "INT64": "<i8",
    "UINT8": "<u1",
    "UINT16": "<u2",
    "UINT32": "<u4",
    "UINT64": "<u8",
}
DATATYPES = {np.dtype(dtype): name for name, dtype in DTYPES.items()}
SCORES = ("FP16", "FP32", "FP64")
HEADER = "Inference-Header-Content-Length"
BINARY = "application/octet-stream"
INPUT = "input"  # where neither params.yaml nor the server names it


class OpenInferenceEndpoint(TensorEndpoint):
    """A server that speaks the Open Inference Protocol."""

    def __init__(self, target: UrlTarget, models: Sequence[Model], timeout_s: float) -> None:
        super().__init__(target, models, timeout_s)
        self._binary: set[str] = set()
        self._versions: dict[str, str] = {}

    def address(self, model: TensorModel) -> str:
        """Return the address of a model, of the version that params.yaml names or of the one that is served."""
        version = model.address.version
        base = f"{model.base}/v2/models/{model.path}"
        return base if version is None else f"{base}/versions/{quote(version, safe='')}"

    def identity(self) -> dict[str, Any]:
        """Return what the server tells of each model."""
        identity = super().identity()
        exact = self._binary == {model.prediction_name for model in self.models}
        self.provides = replace(self.provides, non_finite="exact" if exact else "null")
        return identity

    def describe(self, model: TensorModel) -> dict[str, Any]:
        """Return the model's versions and tensors; it must be ready."""
        url = self.address(model)
        ready = self.http.get(f"{url}/ready").checked()
        if b"false" in ready.body.lower():
            raise BrokenRun(f"{url}/ready says that {model.name} is not ready")
        document = self.http.get(url).checked().mapping()
        inputs, outputs = _by_name(document, "inputs", url), _by_name(document, "outputs", url)
        model.input = model.choose("input", model.address.input, list(inputs), url)
        model.output = model.choose("output", model.address.output, list(outputs), url)
        if tensor := inputs.get(model.input or ""):
            self._read_input(model, tensor, url)
        if model.prediction_name not in self._binary and self._takes_binary(model):
            self._binary.add(model.prediction_name)
        names = {key: sorted(tensors) for key, tensors in (("inputs", inputs), ("outputs", outputs))}
        return {"name": document.get("name"), "versions": document.get("versions"), **names}

    def _read_input(self, model: TensorModel, tensor: Mapping[str, Any], url: str) -> None:
        datatype, shape = str(tensor.get("datatype")), tensor.get("shape")
        if datatype not in DTYPES:
            raise BrokenRun(f"{url}: {model.name} takes {shorten(datatype)}, not numbers")
        if isinstance(shape, list) and all(type(size) is int for size in shape):
            model.check_input(shape, url)
        model.dtype = DTYPES[datatype]

    def _takes_binary(self, model: TensorModel) -> bool:
        probe = np.zeros((1, model.vectorization.width), model.dtype)
        answer = self._send(model, probe, binary=True).wait()
        try:
            return answer.is_good and HEADER in answer.headers and len(self.read(model, answer, 1)) == 1
        except BrokenRun:
            return False

    def send(self, model: TensorModel, tensor: Tensor) -> Pending:
        """Ask a model about rows."""
        return self._send(model, tensor, model.prediction_name in self._binary)

    def _send(self, model: TensorModel, tensor: Tensor, binary: bool) -> Pending:
        described: dict[str, Any] = {
            "name": model.input or INPUT,
            "shape": list(tensor.shape),
            "datatype": DATATYPES[tensor.dtype],
        }
        document: dict[str, Any] = {"inputs": [described]}
        if model.output is not None:
            document["outputs"] = [{"name": model.output}]
        url = f"{self.address(model)}/infer"
        if not binary:
            described["data"] = tensor.ravel().tolist()
            return self.http.send(url, json.dumps(document).encode(), JSON)
        raw = np.ascontiguousarray(tensor).tobytes()
        described["parameters"] = {"binary_data_size": len(raw)}
        document["parameters"] = {"binary_data_output": True}
        for output in document.get("outputs", ()):
            output["parameters"] = {"binary_data": True}
        head = json.dumps(document).encode()
        return self.http.send(url, head + raw, BINARY, {HEADER: str(len(head))})

    def read(self, model: TensorModel, answer: Answer, rows: int) -> Float32Array:
        """Return the scores of a model."""
        head, raw = _split(answer)
        document = replace(answer, body=head).mapping()
        if (name := document.get("model_name", model.name)) != model.name:
            raise BrokenRun(f"{answer.url} answered for {shorten(str(name))!r}: another model")
        version = str(document.get("model_version", ""))  # the protocol leaves it open
        if version and (before := self._versions.setdefault(model.prediction_name, version)) != version:
            raise BrokenRun(f"{answer.url} answered as version {shorten(version)}, and before as version {before}")
        outputs = _by_name(document, "outputs", answer.url)
        chosen = model.choose("output", model.output, list(outputs), answer.url)
        if chosen is None or chosen not in outputs:
            raise BrokenRun(f"{answer.url} answered no outputs")
        output = outputs[chosen]
        if (shape := output.get("shape")) not in ([rows], [rows, 1]):
            raise BrokenRun(
                f"{answer.url} answered the shape {shorten(str(shape))} for {rows:,} rows; it must be [{rows}, 1]"
            )
        if (datatype := output.get("datatype")) not in SCORES:
            raise BrokenRun(
                f"{answer.url} answered {shorten(str(datatype))}: labels, or scores that were cut off; a score is FP32"
            )
        if "data" in output:
            data = output["data"]
            return read_json_scores(data, rows, model, answer.url)
        return _read_raw(outputs, chosen, raw, rows, answer.url)


def _split(answer: Answer) -> tuple[bytes, bytes]:
    """Return the JSON part of an answer, and the tensors behind it."""
    length = answer.headers.get(HEADER)
    if length is None:
        return answer.body, b""
    if not length.isascii() or not length.isdigit() or int(length) > len(answer.body):
        raise BrokenRun(f"{answer.url} answered {len(answer.body):,} bytes with {HEADER} {shorten(length)!r}")
    return answer.body[: int(length)], answer.body[int(length) :]


def _read_raw(outputs: Mapping[str, Any], chosen: str, raw: bytes, rows: int, url: str) -> Float32Array:
    """Return one of the tensors that follow each other behind the JSON part."""
    start = 0
    for name, output in outputs.items():
        parameters = output.get("parameters")
        size = parameters.get("binary_data_size") if isinstance(parameters, dict) else None
        if type(size) is not int or not 0 <= size <= len(raw) - start:
            raise BrokenRun(f"{url} answered neither data nor the bytes of {name}")
        if name == chosen:
            dtype = np.dtype(DTYPES[output["datatype"]])
            if size != rows * dtype.itemsize:
                raise BrokenRun(f"{url} answered {size:,} bytes for {rows:,} scores of {dtype.itemsize} bytes")
            with np.errstate(over="ignore"):
                scores: Float32Array = np.frombuffer(raw, dtype, rows, start).astype(np.float32)
            return scores
        start += size
    raise BrokenRun(f"{url} answered no {chosen}")


def _by_name(document: Mapping[str, Any], key: str, url: str) -> dict[str, dict[str, Any]]:
    """Return the inputs or outputs of a document, by name; none where it has none."""
    tensors = document.get(key) or []
    if not isinstance(tensors, list) or not all(isinstance(tensor, dict) for tensor in tensors):
        raise BrokenRun(f"{url} answered {key} that are no list of tensors: {shorten(str(tensors))}")
    return {str(tensor.get("name")): tensor for tensor in tensors}
