"""Speak TensorFlow Serving's REST API: KServe's V1 protocol with versions, and numbers as they are, NaN too.

https://www.tensorflow.org/tfx/serving/api_rest
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import numpy as np
import numpy.typing as npt

from pytest_f07.endpoints.http import shorten
from pytest_f07.endpoints.kserve_v1 import KserveV1Endpoint
from pytest_f07.endpoints.target import UrlTarget
from pytest_f07.endpoints.tensors import TensorModel
from pytest_f07.errors import BrokenRun
from pytest_f07.variant.package import Model

SIGNATURE = "serving_default"
DTYPES: Mapping[str, npt.DTypeLike] = {
    "DT_FLOAT": np.float32,
    "DT_DOUBLE": np.float64,
    "DT_HALF": np.float16,
    "DT_INT8": np.int8,
    "DT_INT16": np.int16,
    "DT_INT32": np.int32,
    "DT_INT64": np.int64,
}


class TensorflowServingEndpoint(KserveV1Endpoint):
    """TensorFlow Serving."""

    def __init__(self, target: UrlTarget, models: Sequence[Model], timeout_s: float) -> None:
        super().__init__(target, models, timeout_s)
        self.provides = replace(self.provides, non_finite="exact")

    def address(self, model: TensorModel) -> str:
        """Return the address of a model, of the version that params.yaml names or of the one that is served."""
        version = model.address.version
        return super().address(model) + ("" if version is None else f"/versions/{quote(version, safe='')}")

    def describe(self, model: TensorModel) -> dict[str, Any]:
        """Return the versions that are available, by the status route; it is asked before the metadata."""
        url = self.address(model)
        versions = self.http.get(url).checked().mapping().get("model_version_status")
        states = [entry for entry in versions if isinstance(entry, dict)] if isinstance(versions, list) else []
        available = [str(entry.get("version")) for entry in states if entry.get("state") == "AVAILABLE"]
        if not available:
            told = ", ".join(f"version {entry.get('version')} is {entry.get('state')}" for entry in states)
            raise BrokenRun(f"{url}: {model.name} is not available: {shorten(told) or 'it has no version'}")
        answer = self.http.get(f"{url}/metadata")
        if answer.is_good:
            self._read_signature(model, answer.mapping(), answer.url)
        return {"available_versions": ", ".join(sorted(available))}

    def _read_signature(self, model: TensorModel, document: Mapping[str, Any], url: str) -> None:
        try:
            signature = document["metadata"]["signature_def"]["signature_def"][SIGNATURE]
            inputs, outputs = dict(signature["inputs"]), dict(signature["outputs"])
            name = model.choose("input", model.input, list(inputs), url)
            model.output = model.choose("output", model.output, list(outputs), url)
            described = inputs[name]
            dimensions = described["tensor_shape"].get("dim", ())
            shape = [int(dimension["size"]) for dimension in dimensions]
            dtype = DTYPES.get(str(described["dtype"]))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise BrokenRun(f"{url} describes no signature {SIGNATURE}, which takes one input") from None
        if dtype is None:
            raise BrokenRun(f"{url}: {model.name} takes {shorten(str(described['dtype']))}, not numbers")
        model.check_input(shape, url)
        model.dtype = dtype
