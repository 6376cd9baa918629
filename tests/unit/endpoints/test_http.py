"""Test HTTP with servers that are not ours: what is sent, what is bounded, and what each failure is told as."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from flask import Flask, Response, request

from pytest_f07.endpoints import http
from pytest_f07.endpoints.http import Http
from pytest_f07.endpoints.target import UrlTarget
from pytest_f07.errors import BrokenRun
from tests.protocol_server import serving


@contextmanager
def asked(answer: Callable[[], Any], token: str | None = None) -> Iterator[tuple[Http, str]]:
    """Serve one answer to every request, and yield a client and the address."""
    app = Flask(__name__)
    app.add_url_rule("/", view_func=answer, methods=["GET", "POST"])
    with serving(app) as url, closing(Http(UrlTarget(url, "mlflow", token=token), 30)) as client:
        yield client, f"{url}/"


@contextmanager
def listening(talk: Callable[[socket.socket], object]) -> Iterator[str]:
    """Let ``talk`` have each connection, and yield the address."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.recv(65_536)
                talk(connection)

        thread = threading.Thread(target=accept)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_the_token_is_sent_and_nothing_of_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    (tmp_path / ".netrc").write_text("default login me password theirs\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with asked(lambda: dict(request.headers), token="ours") as (client, url):
        headers = client.get(url).mapping()
    assert headers["Authorization"] == "Bearer ours"
    assert headers["Accept-Encoding"] == "identity"


def test_a_body_is_sent_with_its_type() -> None:
    with asked(lambda: Response(request.get_data() + request.headers["Content-Type"].encode())) as (client, url):
        assert client.send(url, b"body ", "a/b").wait().body == b"body a/b"


def test_no_redirect_is_followed() -> None:
    with asked(lambda: Response(status=302, headers={"Location": "http://elsewhere/"}), "ours") as (client, url):
        with pytest.raises(BrokenRun) as caught:
            client.get(url).checked()
    assert str(caught.value) == (
        f"{url} redirects to 'http://elsewhere/', and no redirect is followed; set runtime.url to the address that "
        "answers"
    )


REASONS = {
    "error": ('{"error": "no such model"}', "no such model"),
    "message": ('{"error_code": "BAD_REQUEST", "message": "no\\nnumber"}', "no number"),
    "detail": ('{"detail": [{"msg": "x"}]}', "[{'msg': 'x'}]"),
    "page": ("<!doctype html>\n<title>500</title><h1>Internal</h1>", "500 Internal"),
    "text": ("Traceback (most recent call last):\n  File", "Traceback (most recent call last): File"),
    "nothing": ("", "no reason is given"),
    "bytes": (b"\xff\xfe", "\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}"),
    "long": ("x" * 5000, "x" * 300 + "…"),
}


@pytest.mark.parametrize(("body", "reason"), REASONS.values(), ids=REASONS)
def test_a_refusal_is_one_line_with_the_servers_reason(body: str | bytes, reason: str) -> None:
    with asked(lambda: Response(body, 500)) as (client, url), pytest.raises(BrokenRun) as caught:
        client.get(url).checked()
    assert str(caught.value) == f"{url} was refused with 500: {reason}"


NO_JSON = {
    "page": ("<p>hello", "answered what is not JSON: b'<p>hello'"),
    "nested": ("[" * 100_000, "answered what is not JSON: b'" + "[" * 200 + "'"),
    "list": ("[1]", "answered [1], which is no JSON object"),
}


@pytest.mark.parametrize(("body", "message"), NO_JSON.values(), ids=NO_JSON)
def test_what_is_no_json_object_is_one_line(body: str, message: str) -> None:
    with asked(lambda: Response(body)) as (client, url), pytest.raises(BrokenRun) as caught:
        client.get(url).mapping()
    assert str(caught.value) == f"{url} {message}"


def test_an_answer_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MAX_ANSWER_BYTES", 1000)
    with asked(lambda: Response(b"x" * 100 for _ in range(20))) as (client, url):
        with pytest.raises(BrokenRun, match="answered more than 1,000 bytes"):
            client.get(url)


@pytest.mark.parametrize(
    ("status", "headers", "statuses"),
    [
        (503, {"Retry-After": "0"}, [503, 200]),
        (429, {"Retry-After": "0"}, [429, 200]),
        (503, {}, [503]),
        (413, {"Retry-After": "0"}, [413]),
        (500, {"Retry-After": "0"}, [500]),
    ],
)
def test_only_a_server_that_asks_for_patience_is_asked_again(
    status: int, headers: dict[str, str], statuses: list[int]
) -> None:
    answers: list[int] = []

    def answer() -> Response:
        answers.append(200 if answers else status)
        return Response("text", answers[-1], headers=headers)

    with asked(answer) as (client, url):
        assert client.get(url).status == statuses[-1]
    assert answers == statuses


def drip(connection: socket.socket) -> None:
    """Send a header without end, a byte at a time."""
    try:
        for _ in range(100):
            connection.sendall(b"H" if _ == 0 else b"T")
            time.sleep(0.05)
    except OSError:
        pass


@pytest.mark.parametrize("talk", [drip, lambda connection: connection.recv(1)], ids=["drips", "is silent"])
def test_a_server_that_does_not_end_its_answer_misses_the_deadline(talk: Callable[[socket.socket], object]) -> None:
    with listening(talk) as url, closing(Http(UrlTarget(url, "mlflow"), 0.3)) as client:
        begin = time.perf_counter()
        with pytest.raises(TimeoutError):
            client.get(url)
        assert time.perf_counter() - begin < 3


def test_a_connection_that_is_refused_says_so() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}/"
        with closing(Http(UrlTarget(url, "mlflow"), 30)) as client, pytest.raises(ConnectionError) as caught:
            client.get(url)
    assert str(caught.value) == "Connection refused"


BREAKS = {
    "closes": (lambda connection: None, "Remote end closed connection without response"),
    "no http": (lambda connection: connection.sendall(b"SSH-2.0\r\n"), "SSH-2.0"),
}


@pytest.mark.parametrize(("talk", "reason"), BREAKS.values(), ids=BREAKS)
def test_a_connection_that_breaks_says_why(talk: Callable[[socket.socket], object], reason: str) -> None:
    with listening(talk) as url, closing(Http(UrlTarget(url, "mlflow"), 30)) as client:
        with pytest.raises(ConnectionError) as caught:
            client.get(url)
    assert str(caught.value) == reason
