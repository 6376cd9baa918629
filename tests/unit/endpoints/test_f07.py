"""Test the client against real servers: it accepts right answers, and refuses each wrong one with one clear line."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from flask import Flask, Response
from urllib3.util import wait_for_read
from werkzeug.serving import make_server

from pytest_f07 import wire
from pytest_f07.endpoints.f07 import CONNECTIONS, Client
from pytest_f07.errors import BrokenRun
from pytest_f07.server.app import create_app
from pytest_f07.server.http import _QuietHandler
from pytest_f07.windows import Predictions, Windows

NAMES = ("length", "none")
SIGNED = {wire.NONCE_HEADER: "n1", wire.MANIFEST_HEADER: "m1"}
BATCH = pa.array([[7, 7], [], [1, 2, 3]], pa.list_(pa.int64()))


def predict_lengths(windows: Windows) -> Predictions:
    """Score a window by its length; the second model gives no number."""
    score = (np.diff(windows.offsets) / 4).astype(np.float32)
    y_prob = np.stack([score, np.full_like(score, np.nan)], axis=1)
    return Predictions(NAMES, (y_prob >= 0.5).astype(np.int8), y_prob)


@contextmanager
def serve(app: Flask) -> Iterator[Client]:
    """Serve ``app`` until the end of the block, and yield a client of it."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_QuietHandler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        with closing(Client("127.0.0.1", server.port, NAMES, "m1", "n1", timeout_s=120)) as client:
            yield client
    finally:
        server.shutdown()
        thread.join()


def make_app(predict: Callable[[Windows], Predictions] = predict_lengths, headers: Mapping[str, str] = SIGNED) -> Flask:
    """Return the real routes."""
    return create_app({"models": 2}, predict, dict(headers))


def make_constant_app(body: bytes | str, status: int = 200, content_type: str = wire.JSON) -> Flask:
    """Return an application with one answer to every request, signed as this run's server."""
    app = Flask(__name__)

    @app.route("/", methods=["GET", "POST"], defaults={"path": ""})
    @app.route("/<path:path>", methods=["GET", "POST"])
    def answer(path: str) -> Response:
        return Response(body, status, SIGNED, content_type=content_type)

    return app


def ask_identity(client: Client) -> object:
    return client.identity()


def ask_batch(client: Client) -> Predictions:
    return client.receive_batch(client.send_batch(BATCH))


def ask_alone(client: Client) -> object:
    return client.infer([1, 2])


# -- right answers


def test_this_runs_server_is_believed_and_its_answers_come_as_they_were_given() -> None:
    with serve(make_app()) as client:
        assert client.identity() == {"status": "ready", "models": 2}
        predictions = ask_batch(client)
        assert predictions.names == NAMES
        assert predictions.y_pred.tolist() == [[1, 0], [0, 0], [1, 0]]
        np.testing.assert_array_equal(
            predictions.y_prob, np.array([[0.5, np.nan], [0, np.nan], [0.75, np.nan]], np.float32)
        )
        assert client.infer([5, -1]) == [
            {"prediction_name": "length", "y_pred": 1, "y_prob": 0.5},
            {"prediction_name": "none", "y_pred": 0, "y_prob": None},
        ]


def test_a_proxy_in_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with serve(make_app()) as client:
        assert len(ask_batch(client)) == 3


# -- wrong answers


@pytest.mark.parametrize(
    ("ask", "path"),
    [(ask_identity, "/"), (ask_batch, "/infer_batch"), (ask_alone, "/infer")],
    ids=["ready", "batch", "alone"],
)
@pytest.mark.parametrize(
    ("header", "ours"), [(wire.NONCE_HEADER, "n1"), (wire.MANIFEST_HEADER, "m1")], ids=["nonce", "manifest"]
)
def test_another_runs_server_is_not_believed(
    ask: Callable[[Client], object], path: str, header: str, ours: str
) -> None:
    with serve(make_app(headers=SIGNED | {header: "theirs"})) as client, pytest.raises(BrokenRun) as caught:
        ask(client)
    assert str(caught.value) == (
        f"the answer of {path} is not of this run's server: its {header} is 'theirs', not '{ours}'"
    )


def infer_json(*results: object, window: object = (1, 2)) -> str:
    return json.dumps({"window": window, "results": results})


def infer_result(name: str) -> dict[str, object]:
    return {"prediction_name": name, "y_pred": 0, "y_prob": 0.25}


NOT_BELIEVED = {
    "no json": (ask_identity, "<p>\nhello", r"the server's answer is not JSON: b'<p>\nhello'"),
    "bytes": (ask_alone, b"\xff\x00", r"the server's answer is not JSON: b'\xff\x00'"),
    "nested": (ask_alone, "[" * 100_000, f"the server's answer is not JSON: b'{'[' * 200}'"),
    "not ready": (
        ask_identity,
        '{"status": "busy"}',
        "the server does not say that it is ready but {'status': 'busy'}",
    ),
    "a list": (ask_identity, "[1]", "the server does not say that it is ready but [1]"),
    "other window": (
        ask_alone,
        infer_json(window=[2, 1]),
        "/infer answered {'window': [2, 1], 'results': []}",
    ),
    "no results": (ask_alone, '{"window": [1, 2]}', "/infer answered {'window': [1, 2]}"),
    "no object": (ask_alone, "null", "/infer answered None"),
    "a model less": (
        ask_alone,
        infer_json(infer_result("length")),
        f"/infer answered for other models: {[infer_result('length')]}",
    ),
    "no results each": (ask_alone, infer_json(1, 2), "/infer answered for other models: [1, 2]"),
}


@pytest.mark.parametrize(("ask", "body", "message"), NOT_BELIEVED.values(), ids=NOT_BELIEVED)
def test_an_answer_that_is_not_of_the_contract_breaks_the_run_with_one_line(
    ask: Callable[[Client], object], body: str | bytes, message: str
) -> None:
    with serve(make_constant_app(body)) as client, pytest.raises(BrokenRun) as caught:
        ask(client)
    assert str(caught.value) == message


def test_models_in_another_order_are_not_believed() -> None:
    def swapped(windows: Windows) -> Predictions:
        predictions = predict_lengths(windows)
        return Predictions(predictions.names[::-1], predictions.y_pred[:, ::-1], predictions.y_prob[:, ::-1])

    with serve(make_app(swapped)) as client, pytest.raises(BrokenRun) as caught:
        ask_batch(client)
    assert str(caught.value) == "the answer's columns are none, length; they must be the models length, none"


@pytest.mark.parametrize("lost", [slice(1, None), slice(0, 0), [0, 1, 2, 2]], ids=["one less", "none", "one more"])
def test_an_answer_for_another_number_of_windows_is_not_believed(lost: Any) -> None:
    def loses(windows: Windows) -> Predictions:
        predictions = predict_lengths(windows)
        return Predictions(predictions.names, predictions.y_pred[lost], predictions.y_prob[lost])

    rows = len(np.arange(3)[lost])
    with serve(make_app(loses)) as client, pytest.raises(BrokenRun) as caught:
        ask_batch(client)
    assert str(caught.value) == f"the server answered {rows} of 3 windows"


def test_an_answer_that_is_not_arrow_is_not_believed() -> None:
    with serve(make_constant_app(b'{"results": []}')) as client, pytest.raises(BrokenRun) as caught:
        ask_batch(client)
    assert str(caught.value).startswith("the answer is not an Arrow stream (")
    assert "\n" not in str(caught.value)


def test_a_refusal_breaks_the_run_with_what_the_server_said() -> None:
    def fails(windows: Windows) -> Predictions:
        raise RuntimeError("planted")

    with serve(make_app(fails)) as client, pytest.raises(BrokenRun) as caught:
        ask_batch(client)
    assert str(caught.value) == (
        'the server refused /infer_batch with 500: {"error":"the server failed: RuntimeError; its log says more"}'
    )


def test_a_page_of_some_other_server_is_told_in_one_line() -> None:
    page = "<!doctype html>\n<title>403</title>\n\n<p>Forbidden \xe9</p>\n"
    with (
        serve(make_constant_app(page.encode("latin-1"), 403, "text/html")) as client,
        pytest.raises(BrokenRun) as caught,
    ):
        client.identity()
    assert str(caught.value) == (
        "the server refused / with 403: <!doctype html> <title>403</title> <p>Forbidden \N{REPLACEMENT CHARACTER}</p>"
    )


@pytest.mark.parametrize("ask", [ask_identity, ask_batch, ask_alone])
def test_a_server_that_never_answers_misses_the_deadline(ask: Callable[[Client], object]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with closing(Client("127.0.0.1", port, NAMES, "m1", "n1", timeout_s=0.05)) as client:
            # Once more than there are connections: a lost one must not keep its place.
            for _ in range(CONNECTIONS + 1):
                with pytest.raises(TimeoutError):
                    ask(client)


def test_a_port_where_nobody_listens_is_an_error_at_once() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        with (
            closing(Client("127.0.0.1", bound.getsockname()[1], NAMES, "m1", "n1", 120)) as client,
            pytest.raises(ConnectionRefusedError),
        ):
            client.identity()


# -- answers of this run's server to other rows


def make_changed_app(change: Callable[[list[Response], Response], Response]) -> Flask:
    """Return the real routes with changed answers.

    :param change: returns an answer for all answers up to now and the right one.
    """
    app = make_app()
    answers: list[Response] = []

    @app.after_request
    def change_answer(response: Response) -> Response:
        answers.append(response)
        return change(answers, response)

    return app


def repack(response: Response, change: Callable[[pa.RecordBatch], pa.RecordBatch]) -> Response:
    """Return an Arrow answer with other rows and the same headers."""
    with pa.ipc.open_stream(response.get_data()) as stream:
        batch = change(stream.read_next_batch())
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    response.set_data(bytes(sink.getvalue()))
    return response


CHANGED_ANSWERS = {
    "permuted": (False, lambda _, answer: repack(answer, lambda batch: batch.take(pa.array([1, 0, 2])))),
    "doubled": (False, lambda _, answer: repack(answer, lambda batch: batch.take(pa.array([0, 0, 2])))),
    "stale": (True, lambda answers, _: answers[0]),
}


@pytest.mark.parametrize(("second", "change"), CHANGED_ANSWERS.values(), ids=CHANGED_ANSWERS)
def test_rows_permuted_doubled_or_stale_are_noticed_at_the_first_such_answer(
    second: bool, change: Callable[[list[Response], Response], Response]
) -> None:
    other = pa.array([[7, 7], [1, 2, 3], []], pa.list_(pa.int64()))
    with serve(make_changed_app(change)) as client:
        if second:
            client.receive_batch(client.send_batch(other))
        with pytest.raises(BrokenRun, match="the answer is not of the rows that were sent, in their order: its F07-R"):
            client.receive_batch(client.send_batch(BATCH))


def test_an_answer_to_other_windows_of_the_same_scores_is_noticed() -> None:
    """The scores are right for the windows that were sent; the server had others."""
    app = create_app({"models": 2}, predict_lengths, SIGNED)

    def decode(body: bytes, real: Callable[[bytes], Windows] = wire.decode_windows_arrow) -> Windows:
        windows = real(body)
        return Windows(windows.codes[::-1].copy(), windows.offsets)

    with pytest.MonkeyPatch.context() as patch, serve(app) as client:
        patch.setattr(wire, "decode_windows_arrow", decode)
        with pytest.raises(BrokenRun, match="the answer is not of the rows that were sent"):
            client.receive_batch(client.send_batch(BATCH))


@pytest.mark.parametrize("header", [wire.PROCESS_HEADER, wire.MODELS_HEADER])
def test_a_server_started_again_or_with_other_models_is_noticed(header: str) -> None:
    starts = iter(["one", "one", "another"])
    app = make_app()

    @app.after_request
    def sign(response: Response) -> Response:
        response.headers[header] = next(starts)
        return response

    with serve(app) as client:
        client.identity()
        client.receive_batch(client.send_batch(BATCH))
        with pytest.raises(BrokenRun, match=f"is not of this run's server: its {header} is 'another', not 'one'"):
            client.receive_batch(client.send_batch(BATCH))


def test_an_answer_is_in_time_however_long_it_was_not_waited_for() -> None:
    with serve(make_app()) as client:
        long_ago = replace(client.send_batch(BATCH), sent=-1e9)
        assert len(client.receive_batch(long_ago)) == len(BATCH)


class Impatient(BaseHTTPRequestHandler):
    """A handler that ends each connection after its answer, without a word, as a server does that waited for long."""

    protocol_version = "HTTP/1.1"
    asked = make_app().test_client()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = self.asked.post(self.path, data=body, headers=dict(self.headers))
        self.send_response(answer.status_code)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.data)
        self.close_connection = True

    def log_message(self, text: str, *values: object) -> None:
        """Log nothing."""


def test_a_connection_that_the_server_ended_while_it_was_silent_is_opened_again() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Impatient) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            with closing(Client("127.0.0.1", server.server_port, NAMES, "m1", "n1", timeout_s=120)) as client:
                for _ in range(CONNECTIONS + 1):
                    assert len(ask_batch(client)) == len(BATCH)
                    kept = [each.sock for each in client._connections if each.sock is not None]
                    assert all(wait_for_read(each, 60) for each in kept), "the server did not end them"
        finally:
            server.shutdown()
            thread.join()


def test_a_run_that_breaks_leaves_no_connection_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = Client("127.0.0.1", silent.getsockname()[1], NAMES, "m1", "n1", timeout_s=120)
        request = client.send_batch(BATCH)
        assert request.connection.sock is not None
        client.close()
        assert request.connection.sock is None
