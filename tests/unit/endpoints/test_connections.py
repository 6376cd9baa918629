"""A request arrives in one piece, whatever it holds, and the next one on the same connection too."""

from __future__ import annotations

import socket
from http.client import HTTPConnection
from threading import Thread

import pyarrow as pa
import pytest

from pytest_f07.endpoints.connections import Connection, TlsConnection

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.mark.parametrize("body", [None, b"abc", pa.py_buffer(b"abc")], ids=["none", "bytes", "buffer"])
def test_each_request_is_one_piece(body: object) -> None:
    pieces: list[bytes] = []

    def serve() -> None:
        with listener.accept()[0] as accepted:
            for _ in range(2):
                pieces.append(accepted.recv(65_536))
                accepted.sendall(ANSWER)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Thread(target=serve)
        server.start()
        connection = Connection("127.0.0.1", listener.getsockname()[1], timeout=60)
        for url in ("/a", "/b"):
            connection.request("POST", url, body, {"Content-Type": "text/plain"})
            assert connection.getresponse().read() == b"ok"
        connection.close()
        server.join(60)
    for path, piece in zip((b"/a", b"/b"), pieces, strict=True):
        head, _, rest = piece.partition(b"\r\n\r\n")
        assert head.startswith(b"POST " + path + b" HTTP/1.1\r\n")
        assert rest == (b"abc" if body else b"")


def test_a_request_that_cannot_be_written_leaves_the_connection_as_it_was() -> None:
    connection = Connection("127.0.0.1", 1, timeout=60)
    with pytest.raises(ValueError, match="Invalid header value"):
        connection.request("GET", "/", headers={"a": "b\nc"})
    connection.close()
    with pytest.raises(ConnectionRefusedError):
        connection.request("GET", "/")


def test_encryption_wraps_the_same_connection() -> None:
    assert issubclass(TlsConnection, Connection)
    assert TlsConnection.request is Connection.request
    assert TlsConnection.connect is not HTTPConnection.connect
