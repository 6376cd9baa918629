"""Test that each protocol of params.yaml has an endpoint, and that a run with its own server imports none of them."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing

from pytest_f07.endpoints.connect import connect
from pytest_f07.endpoints.target import UrlTarget
from pytest_f07.variant.address import PROTOCOLS
from tests.unit.endpoints.small_models import MODELS, NAMES

KINDS = {
    "f07": "Client",
    "f07-json": "JsonEndpoint",
    "tensorflow-serving": "TensorflowServingEndpoint",
    "kserve-v1": "KserveV1Endpoint",
    "open-inference": "OpenInferenceEndpoint",
    "mlflow": "MlflowEndpoint",
}


def test_each_protocol_has_an_endpoint() -> None:
    assert set(KINDS) == set(PROTOCOLS)
    for protocol, kind in KINDS.items():
        with closing(connect(UrlTarget("http://127.0.0.1:1/{name}", protocol), MODELS, "", 60)) as endpoint:
            assert type(endpoint).__name__ == kind
            assert endpoint.names == NAMES
            assert not endpoint.busy


def test_a_run_that_starts_its_own_server_imports_no_other_protocol() -> None:
    code = "import sys, pytest_f07.run.execute; print('requests' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
