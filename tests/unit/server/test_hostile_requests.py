"""Send a part of the hostile requests of ``make fuzz``, and hold the server against its own OpenAPI document."""

from __future__ import annotations

import json
import random
from itertools import islice

import numpy as np
import pyarrow as pa
import pytest
from flask.testing import FlaskClient

from pytest_f07 import wire
from pytest_f07.server.app import create_app
from pytest_f07.windows import MAX_WINDOWS, Predictions, Windows
from tests.proofs import fuzz


def lengths(windows: Windows) -> Predictions:
    score = (np.diff(windows.offsets) / 4).astype(np.float32)[:, None]
    return Predictions(("length",), (score >= 0.5).astype(np.int8), score)


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return create_app({"models": 1, "loaded": [{"prediction_name": "length"}]}, lengths, {}).test_client()


def test_a_meddled_arrow_stream_is_a_4xx_or_still_a_right_one(client: FlaskClient) -> None:
    statuses = set()
    for body in islice(fuzz.streams(random.Random(11)), 2000):
        response = client.post("/infer_batch", data=body, content_type=wire.ARROW)
        assert response.status_code in (200, 400, 413), body
        if response.status_code != 200:
            assert "\n" not in json.loads(response.data)["error"]
        statuses.add(response.status_code)
    assert statuses >= {200, 400}


@pytest.mark.parametrize("codec", ["lz4", "zstd"])
def test_a_compressed_stream_is_refused_before_it_is_unpacked(client: FlaskClient, codec: str) -> None:
    sink = pa.BufferOutputStream()
    batch = pa.record_batch([pa.array([[0] * 100_000] * 60, pa.list_(pa.int64()))], names=["window"])
    options = pa.ipc.IpcWriteOptions(compression=codec)
    with pa.ipc.new_stream(sink, batch.schema, options=options) as stream:
        stream.write_batch(batch)
    body = bytes(sink.getvalue())
    assert len(body) < 48_000_000 / 100
    response = client.post("/infer_batch", data=body, content_type=wire.ARROW)
    assert (response.status_code, response.json) == (400, {"error": "the stream is compressed; send it as it is"})


def test_the_description_names_every_route_and_model(client: FlaskClient) -> None:
    response = client.get("/openapi.json")
    assert response.content_type == wire.JSON
    document = json.loads(response.data)
    described = {(path, method.upper()) for path, methods in document["paths"].items() for method in methods}
    routes = {(rule.rule, method) for rule in client.application.url_map.iter_rules() for method in rule.methods or ()}
    assert described == {(path, method) for path, method in routes if method not in ("HEAD", "OPTIONS")}
    assert '"enum": ["length"]' in json.dumps(document)
    [limit] = [document["paths"]["/infer_batch"]["post"]["requestBody"]["content"][wire.JSON]["schema"]]
    assert limit["properties"]["windows"]["maxItems"] == MAX_WINDOWS
