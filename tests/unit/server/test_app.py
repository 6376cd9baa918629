"""The routes, asked as anybody may ask them: what is answered, and that what is wrong is refused and survived."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from pytest_f07 import wire
from pytest_f07.server.app import create_app
from pytest_f07.windows import Predictions, Windows

HEADERS = {wire.NONCE_HEADER: "of this run", wire.MANIFEST_HEADER: "0a1b"}
ROUTES = "there are GET /, GET /openapi.json, POST /infer, POST /infer_batch"


def lengths(windows: Windows) -> Predictions:
    """One model that scores a window by its length, and one that never has a number."""
    score = (np.diff(windows.offsets) / 4).astype(np.float32)
    y_prob = np.stack([score, np.full_like(score, np.nan)], axis=1)
    return Predictions(("length", "none"), (y_prob >= 0.5).astype(np.int8), y_prob)


def client(predict: Callable[[Windows], Predictions] = lengths) -> FlaskClient:
    return create_app({"models": 2, "variant": "v701"}, predict, HEADERS).test_client()


def results(y_pred: int, y_prob: float) -> list[dict[str, object]]:
    return [
        {"prediction_name": "length", "y_pred": y_pred, "y_prob": y_prob},
        {"prediction_name": "none", "y_pred": 0, "y_prob": None},
    ]


def arrow(*windows: object) -> bytes:
    return bytes(wire.encode_windows_arrow(pa.array(windows, pa.list_(pa.int64()))))


def assert_signed(response: TestResponse) -> None:
    assert {name: response.headers.get(name) for name in HEADERS} == HEADERS


def assert_refused(response: TestResponse, status: int, message: str) -> None:
    assert (response.status_code, response.json) == (status, {"error": message})
    assert response.mimetype == "application/json"
    assert_signed(response)


# -- answers


def test_the_root_says_that_it_is_ready_and_who_it_is() -> None:
    response = client().get("/")
    assert response.json == {"status": "ready", "models": 2, "variant": "v701"}
    assert response.status_code == 200
    assert_signed(response)


def test_infer_answers_one_window() -> None:
    response = client().post("/infer", json={"window": [1, -5, 2]})
    assert response.status_code == 200
    assert response.json == {"window": [1, -5, 2], "results": results(1, 0.75)}
    assert_signed(response)


def test_infer_batch_answers_each_window_in_order_repeated_and_empty_ones_too() -> None:
    windows = [[7, 7], [], [2**63 - 1, -(2**63), 0], [7, 7]]
    response = client().post("/infer_batch", json={"windows": windows})
    assert response.status_code == 200
    assert response.json == {
        "results": [
            {"window": windows[0], "results": results(1, 0.5)},
            {"window": [], "results": results(0, 0.0)},
            {"window": windows[2], "results": results(1, 0.75)},
            {"window": windows[3], "results": results(1, 0.5)},
        ]
    }
    assert_signed(response)


def test_infer_batch_gives_arrow_for_arrow_with_the_same_rows() -> None:
    response = client().post("/infer_batch", data=arrow([7, 7], [], [1, 2, 3]), content_type=wire.ARROW)
    assert response.status_code == 200
    assert response.mimetype == wire.ARROW
    table = pa.ipc.open_stream(response.data).read_all()
    assert table.schema.names == ["length", "none"]
    assert table.schema.types == [pa.struct([("y_pred", pa.int8()), ("y_prob", pa.float32())])] * 2
    assert table["length"].to_pylist() == [
        {"y_pred": 1, "y_prob": 0.5},
        {"y_pred": 0, "y_prob": 0.0},
        {"y_pred": 1, "y_prob": 0.75},
    ]
    scores = [row["y_prob"] for row in table["none"].to_pylist()]
    assert np.isnan(scores).all(), "Arrow has NaN where JSON has null"
    assert_signed(response)


def test_no_windows_are_answered_with_no_results() -> None:
    assert client().post("/infer_batch", json={"windows": []}).json == {"results": []}
    response = client().post("/infer_batch", data=arrow(), content_type=wire.ARROW)
    assert wire.decode_predictions_arrow(response.data, ("length", "none")).y_prob.shape == (0, 2)


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
def test_json_may_state_its_encoding(content_type: str) -> None:
    response = client().post("/infer", data=b'{"window": []}', content_type=content_type)
    assert response.json == {"window": [], "results": results(0, 0.0)}


# -- refusals


@pytest.mark.parametrize(
    ("route", "body", "message"),
    [
        ("/infer", b"", "the body is not JSON"),
        ("/infer", b'{"windows": [[1]]}', "the body has no 'window'"),
        ("/infer", b'{"window": [true]}', "window holds true; a code is an integer"),
        ("/infer_batch", b"{", "the body is not JSON"),
        ("/infer_batch", b'{"window": [1]}', "the body has no 'windows'"),
        ("/infer_batch", b'{"windows": [[1], [1.0]]}', "windows[1] holds 1.0; a code is an integer"),
        ("/infer_batch", b'{"windows": [[%d]]}' % 2**63, f"windows[0] holds {2**63}; a code is a 64-bit integer"),
    ],
)
def test_a_wrong_body_is_a_400_that_says_what_is_wrong(route: str, body: bytes, message: str) -> None:
    assert_refused(client().post(route, data=body, content_type="application/json"), 400, message)


def test_a_body_that_is_nested_too_deeply_is_refused() -> None:
    """Around Python's recursion limit the parser and the message about it must both hold."""
    asked = client()
    for depth in range(700, 1100, 4):
        body = '{"window": ' + "[" * depth + "]" * depth + "}"
        response = asked.post("/infer", data=body, content_type="application/json")
        assert (depth, response.status_code) == (depth, 400)


def test_wrong_arrow_is_a_400_too() -> None:
    asked = client()
    response = asked.post("/infer_batch", data=arrow([1], None), content_type=wire.ARROW)
    assert_refused(response, 400, "a window is null; an empty window is an empty list")
    response = asked.post("/infer_batch", data=b"[[1]]", content_type=wire.ARROW)
    assert response.status_code == 400
    assert json.loads(response.data)["error"].startswith("the body is not an Arrow stream (")


@pytest.mark.parametrize("path", ["/nothing", "/infer/", "/static/x", "/infer_batch/1"])
def test_an_unknown_route_is_a_404(path: str) -> None:
    assert_refused(client().get(path), 404, f"no such route; {ROUTES}")


def test_a_batch_to_another_spelling_of_its_route_is_a_404() -> None:
    response = client().post("/x", json={"windows": []}, environ_overrides={"PATH_INFO": "//infer_batch"})
    assert_refused(response, 404, f"no such route; {ROUTES}")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/", "GET, HEAD, OPTIONS"),
        ("GET", "/infer", "OPTIONS, POST"),
        ("DELETE", "/infer_batch", "OPTIONS, POST"),
    ],
)
def test_a_wrong_method_is_a_405_that_names_the_right_ones(method: str, path: str, allowed: str) -> None:
    response = client().open(path, method=method)
    assert_refused(response, 405, f"{method} is not for {path}; {ROUTES}")
    assert response.headers["Allow"] == allowed


@pytest.mark.parametrize(
    ("route", "content_type", "message"),
    [
        ("/infer", None, "the body is of no stated type; it must be application/json"),
        ("/infer", wire.ARROW, f"the body is {wire.ARROW}; it must be application/json"),
        ("/infer_batch", "text/plain", f"the body is text/plain; it must be application/json or {wire.ARROW}"),
    ],
)
def test_a_wrong_type_is_a_415_that_names_the_right_ones(route: str, content_type: str | None, message: str) -> None:
    assert_refused(client().post(route, data=b"[]", content_type=content_type), 415, message)


def test_too_many_windows_are_a_413(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_f07.windows.MAX_WINDOWS", 2)
    asked, message = client(), "3 windows in one request; at most 2 are answered"
    assert_refused(asked.post("/infer_batch", json={"windows": [[], [], []]}), 413, message)
    response = asked.post("/infer_batch", data=arrow([], [], []), content_type=wire.ARROW)
    assert_refused(response, 413, message)
    assert asked.post("/infer_batch", json={"windows": [[], []]}).status_code == 200


def test_a_body_over_the_limit_is_a_413(monkeypatch: pytest.MonkeyPatch) -> None:
    body = json.dumps({"window": [1, 2, 3]}).encode()
    message = f"the body is too large; at most {len(body) - 1} bytes of JSON and {len(body) - 1} of Arrow are read"
    for limit in ("MAX_BYTES", "MAX_JSON_BYTES"):
        monkeypatch.setattr(wire, limit, len(body))
    assert client().post("/infer", data=body, content_type="application/json").status_code == 200
    for limit in ("MAX_BYTES", "MAX_JSON_BYTES"):
        monkeypatch.setattr(wire, limit, len(body) - 1)
    asked = client()
    assert_refused(asked.post("/infer", data=body, content_type="application/json"), 413, message)
    assert_refused(asked.post("/infer_batch", data=body, content_type=wire.ARROW), 413, message)


def test_json_has_a_limit_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    body = arrow([1, 2, 3])
    monkeypatch.setattr(wire, "MAX_JSON_BYTES", len(body))
    asked = client()
    assert asked.post("/infer", data=b'{"window": []}'.ljust(len(body)), content_type=wire.JSON).status_code == 200
    refused = asked.post("/infer", data=b'{"window": []}'.ljust(len(body) + 1), content_type=wire.JSON)
    message = f"the body is too large; at most {len(body)} bytes of JSON and 268,435,456 of Arrow are read"
    assert_refused(refused, 413, message)
    monkeypatch.setattr(wire, "MAX_JSON_BYTES", len(body) - 1)
    assert asked.post("/infer_batch", data=body, content_type=wire.ARROW).status_code == 200


def test_a_body_in_chunks_is_limited_too_and_never_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """It states no length beforehand. Cut at the limit, what is left of it may still be good JSON."""
    body = b'{"window": [1, 2]}'
    monkeypatch.setattr(wire, "MAX_BYTES", len(body))
    monkeypatch.setattr(wire, "MAX_JSON_BYTES", len(body))
    asked, chunks = client(), {"wsgi.input_terminated": True}
    for excess, status in ((b"", 200), (b" ", 413), (b" " * 100, 413)):
        stream = io.BytesIO(body + excess)
        response = asked.post("/infer", input_stream=stream, content_type=wire.JSON, environ_overrides=chunks)
        assert (excess, response.status_code) == (excess, status)


# -- failures


def test_a_failure_is_a_500_without_a_traceback_and_the_next_request_is_answered(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fails_on_two(windows: Windows) -> Predictions:
        if len(windows) == 2:
            raise RuntimeError("the model's own <words>\nand more")
        return lengths(windows)

    asked = client(fails_on_two)
    bodies = (json.dumps({"windows": [[1], [2]]}), wire.JSON), (arrow([1], [2]), wire.ARROW)
    for body, content_type in bodies:
        with caplog.at_level(logging.ERROR):
            response = asked.post("/infer_batch", data=body, content_type=content_type)
        assert_refused(response, 500, "the server failed: RuntimeError; its log says more")
        assert "the model's own <words>" in caplog.text
        assert "Traceback" in caplog.text
        caplog.clear()
    assert json.loads(asked.post("/infer", json={"window": [1, 2]}).data)["results"] == results(1, 0.5)
