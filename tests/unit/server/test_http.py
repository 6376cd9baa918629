"""Both HTTP servers, as processes of their own: the same answers over the wire, and JSON for malformed HTTP too."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection, HTTPResponse
from typing import Any

import pytest

from pytest_f07 import wire
from pytest_f07.errors import F07Error
from pytest_f07.server.http import choose_threads
from pytest_f07.variant.listen import listen

LIMIT = 4096
SIGNED = {wire.NONCE_HEADER: "n1", wire.MANIFEST_HEADER: "m1"}

SERVER = f"""
import sys, threading
if sys.argv[1] == "werkzeug":
    sys.modules["waitress"] = sys.modules["waitress.server"] = None
import numpy as np
from pytest_f07 import wire
wire.MAX_BYTES = int(sys.argv[2])
from pytest_f07.variant.listen import listen
from pytest_f07.server.__main__ import _end_with_parent
from pytest_f07.server.app import create_app
from pytest_f07.server.http import serve
from pytest_f07.windows import Predictions

def predict(windows):
    scores = (np.diff(windows.offsets) / 4).astype(np.float32)[:, None]
    return Predictions(("length",), (scores >= 0.5).astype(np.int8), scores)

threading.Thread(target=_end_with_parent, daemon=True).start()
listener = listen("127.0.0.1", 0)
print(listener.getsockname()[1], flush=True)
serve(create_app({{"models": 1}}, predict, {SIGNED!r}), listener, 2)
"""


@pytest.fixture(scope="module", params=["waitress", "werkzeug"])
def kind(request: pytest.FixtureRequest) -> str:
    if request.param == "waitress":
        pytest.importorskip("waitress")
    return str(request.param)


@pytest.fixture(scope="module")
def port(kind: str) -> Iterator[int]:
    """Where a server of each kind answers; it reads small bodies only, so that one that just fits can be sent."""
    with served(kind, LIMIT) as port:
        yield port


@contextmanager
def served(kind: str, limit: int) -> Iterator[int]:
    """A server that ends when its standard input closes."""
    command, pipe = [sys.executable, "-c", SERVER, kind, str(limit)], subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
            process.stdin.close()
            assert process.wait(60) == 0, "the server must end by itself with its standard input"
        finally:
            process.kill()


def ask(port: int, method: str, path: str, body: Any = None, **headers: str) -> tuple[HTTPResponse, Any]:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, headers, encode_chunked="Transfer-Encoding" in headers)
        response = connection.getresponse()
        return response, json.loads(response.read())
    finally:
        connection.close()


def send(port: int, text: bytes) -> tuple[int, Any]:
    """The status and the document that raw bytes are answered with."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(text)
        with HTTPResponse(connection) as response:
            response.begin()
            return response.status, json.loads(response.read())


JSON_TYPE = {"Content-Type": wire.JSON}
ANSWER = {"window": [1, 2], "results": [{"prediction_name": "length", "y_pred": 1, "y_prob": 0.5}]}


def test_every_answer_is_json_and_signed_refusals_too(port: int) -> None:
    asked = [
        (200, {"status": "ready", "models": 1}, ask(port, "GET", "/")),
        (200, ANSWER, ask(port, "POST", "/infer", b'{"window": [1, 2]}', **JSON_TYPE)),
        (400, {"error": "the body is not JSON"}, ask(port, "POST", "/infer", b"{", **JSON_TYPE)),
        (400, {"error": "the body is not JSON"}, ask(port, "POST", "/infer", **JSON_TYPE)),
    ]
    for status, document, (response, found) in asked:
        assert (response.status, found) == (status, document)
        assert response.headers["Content-Type"] == wire.JSON
        assert {name: response.headers[name] for name in SIGNED} == SIGNED


def test_a_body_in_chunks_is_read(port: int) -> None:
    pieces = iter([b'{"win', b'dow": [1, 2]}'])
    _, answer = ask(port, "POST", "/infer", pieces, **JSON_TYPE, **{"Transfer-Encoding": "chunked"})
    assert answer == ANSWER


HEAD = b"POST /infer HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n"


def test_a_body_over_the_limit_is_a_413_and_one_at_it_is_read(port: int) -> None:
    fits = b'{"window": [1, 2]}'.ljust(LIMIT)
    assert ask(port, "POST", "/infer", fits, **JSON_TYPE)[1] == ANSWER
    for length in (LIMIT + 2, 10**9):
        # Its length is enough: were the body sent, the connection could be cut before the answer is read.
        status, answer = send(port, HEAD + b"Content-Length: %d\r\n\r\n" % length)
        assert (length, status) == (length, 413)
        assert list(answer) == ["error"]


MALFORMED = {
    "no HTTP": b"NONSENSE\r\n\r\n",
    "a length that is none": HEAD + b"Content-Length: many\r\n\r\n",
    "an address that is none": b"GET http://[ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "another": b"GET http://[x]y/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "a length of 5,000 digits": HEAD + b"Content-Length: " + b"1" * 5000 + b"\r\n\r\n",
    "an unknown version": b"GET / HTTP/x\r\n\r\n",
    "an unknown encoding": HEAD + b"Transfer-Encoding: gzip\r\n\r\n",
    "a header without end": b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 300_000 + b"\r\n\r\n",
    "a path without end": b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
}


@pytest.mark.parametrize("text", MALFORMED.values(), ids=MALFORMED)
def test_malformed_http_is_refused_in_one_line_of_json(port: int, text: bytes) -> None:
    status, answer = send(port, text)
    assert 400 <= status < 500
    assert list(answer) == ["error"]
    assert answer["error"]
    assert "\n" not in answer["error"]
    assert ask(port, "GET", "/")[1] == {"status": "ready", "models": 1}


def test_a_client_that_leaves_halfway_does_not_stop_the_server(port: int) -> None:
    for _ in range(8):  # more than there are threads
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            connection.sendall(HEAD + b'Content-Length: 100\r\n\r\n{"win')
    assert ask(port, "POST", "/infer", b'{"window": [1, 2]}', **JSON_TYPE)[1] == ANSWER


def test_clients_that_send_half_a_body_do_not_keep_others_waiting(port: int) -> None:
    slow = [socket.create_connection(("127.0.0.1", port), timeout=60) for _ in range(20)]
    try:
        for connection in slow:
            connection.sendall(HEAD + b'Content-Length: 18\r\n\r\n{"window": [1')
        assert ask(port, "POST", "/infer", b'{"window": [1, 2]}', **JSON_TYPE)[1] == ANSWER
        # and each is answered when it comes to its end
        slow[0].sendall(b", 2]}")
        with HTTPResponse(slow[0]) as response:
            response.begin()
            assert json.loads(response.read()) == ANSWER
    finally:
        for connection in slow:
            connection.close()


def test_clients_that_read_no_answer_do_not_keep_others_waiting(kind: str) -> None:
    """Each asks twice at once: a thread with the second answer could wait for its client to read the first."""
    body = b'{"windows": [[' + b"1000000000000000000," * 999_999 + b"1]]}"  # the answer holds it all again
    head = HEAD.replace(b"/infer", b"/infer_batch").replace(b"Connection: close\r\n", b"")
    with served(kind, wire.MAX_BYTES) as port, ExitStack() as slow:
        for _ in range(6):  # more than there are threads
            connection = slow.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(
                head + b"Content-Length: %d\r\n\r\n" % len(body) + body + b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
            )
        for _ in range(20):
            assert ask(port, "GET", "/")[0].status == 200


@pytest.mark.parametrize(("processors", "threads"), [(1, 1), (2, 1), (4, 3), (64, 4)])
def test_one_processor_is_left_to_the_client(processors: int, threads: int) -> None:
    assert choose_threads(processors) == threads


# -- the port


def test_port_zero_is_any_free_port() -> None:
    with listen("127.0.0.1", 0) as one, listen("127.0.0.1", 0) as other:
        assert one.getsockname()[1] != other.getsockname()[1]


def test_a_taken_port_is_named_with_the_way_out() -> None:
    with listen("127.0.0.1", 0) as taken, pytest.raises(F07Error) as refusal:
        listen("127.0.0.1", port := taken.getsockname()[1])
    assert str(refusal.value) == (
        f"port {port} of 127.0.0.1 cannot be used: Address already in use. "
        "End the program that has it, or set runtime.port in params.yaml (0 takes any free port)."
    )


def test_a_host_that_is_no_address_is_named() -> None:
    # A label longer than 63 letters is refused before any name server is asked.
    host = "x" * 64 + ".example"
    with pytest.raises(F07Error) as refusal:
        listen(host, 0)
    assert str(refusal.value).startswith(f"runtime.host is {host!r}, which is no address here (")
    assert "127.0.0.1 always is." in str(refusal.value)
