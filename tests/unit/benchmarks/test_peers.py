from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pyarrow as pa
import pytest

from benchmarks.peers import connect_bento
from pytest_f07.endpoints.target import UrlTarget
from pytest_f07.variant.package import read_models
from tests.unit.small_package import make_package


class Service(BaseHTTPRequestHandler):
    """Answer as tests/servers/serve_bentoml.py does: a bare list with a list of one score for each row."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.answer(b"\n")

    def do_POST(self) -> None:
        document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        score = {"a": 0.25, "a__b": 0.75}[document["name"]]
        self.answer(json.dumps([[score]] * len(document["rows"])).encode() if self.path == "/score" else b"")

    def answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_each_model_of_a_bentoml_service_is_asked_by_its_name(url: str, tmp_path: Path) -> None:
    models = read_models(make_package(tmp_path))
    with closing(connect_bento(UrlTarget(url, "bentoml", {}), models, "", 10)) as endpoint:
        endpoint.identity()
        answer = endpoint.receive_batch(endpoint.send_batch(pa.array([[1], [2, 3], []], pa.list_(pa.int64()))))
    assert endpoint.names == ("a", "a__b")
    assert answer.y_prob.tolist() == [[0.25, 0.75]] * 3
