"""Answer HTTP: by waitress where it is installed, else by Werkzeug's own server."""

from __future__ import annotations

import json
import logging
import socket
from http import HTTPStatus
from typing import Any

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from pytest_f07 import wire
from pytest_f07.errors import one_line

# More threads than processors only pass the interpreter lock around.
MOST_THREADS = 4
MAX_CONNECTIONS = 500
RECEIVE_BYTES = 1 << 18  # read at once: a batch comes in one piece or two
SPOOL_BYTES = 1 << 22  # of a body that wait in memory for its end; the rest waits on disk


def choose_threads(processors: int) -> int:
    """Return how many requests to answer at once; each computes in its thread, and one processor is the client's."""
    return max(1, min(MOST_THREADS, processors - 1))


def serve(app: Flask, listener: socket.socket, threads: int) -> None:
    """Answer requests at ``listener`` until the process ends.

    :param threads: of waitress; Werkzeug's own server has one for each connection.
    """
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    try:
        from waitress.server import create_server
    except ImportError:
        host, port = listener.getsockname()[:2]
        make_server(host, port, app, threaded=True, request_handler=_QuietHandler, fd=listener.fileno()).serve_forever()
        return
    server = create_server(
        app,
        sockets=[listener],
        threads=threads,
        connection_limit=MAX_CONNECTIONS,
        recv_bytes=RECEIVE_BYTES,
        ident=None,
        inbuf_overflow=SPOOL_BYTES,
        outbuf_overflow=2 * wire.MAX_BYTES,
        outbuf_high_watermark=2 * wire.MAX_BYTES,  # beyond it a thread waits for a client who reads nothing
        max_request_body_size=wire.MAX_BYTES + 1,
        clear_untrusted_proxy_headers=True,
    )
    server.channel_class = _channel_class(server.channel_class)
    server.run()


class _QuietHandler(WSGIRequestHandler):
    """Werkzeug's handler without a log line for each request; its own refusals are JSON like all others."""

    def run_wsgi(self) -> None:
        """Answer a request; refuse a request line that cannot be parsed."""
        try:
            super().run_wsgi()
        except ValueError:
            self.send_error(HTTPStatus.BAD_REQUEST, "the request's address or length cannot be read")

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse malformed HTTP, which may state no version."""
        body = _error_body(message or HTTPStatus(code).phrase)
        self.request_version = "HTTP/1.0"
        self.send_response(_client_error(code))
        self.send_header("Content-Type", wire.JSON)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)


def _channel_class(channel: type[Any]) -> type[Any]:
    """Return waitress's channel with JSON as the body of its own refusals (malformed HTTP, 413)."""
    from waitress.utilities import BadRequest

    base: Any = channel.error_task_class
    parser: Any = channel.parser_class

    class Parser(parser):  # type: ignore[misc]  # waitress has no types
        def received(self, data: bytes) -> int:
            try:
                received: int = super().received(data)
            except ValueError:
                self.error, self.completed = BadRequest("its address or length cannot be read"), True
                return len(data)
            return received

    class JsonErrorTask(base):  # type: ignore[misc]  # waitress has no types
        def execute(self) -> None:
            error = self.request.error
            body = _error_body(f"{error.reason}: {error.body}")
            self.status = f"{_client_error(error.code)} {error.reason}"
            self.response_headers = [("Content-Type", wire.JSON), ("Connection", "close")]
            self.set_close_on_finish()
            self.content_length = len(body)
            self.write(body)

    return type("Channel", (channel,), {"error_task_class": JsonErrorTask, "parser_class": Parser})


def _error_body(message: str) -> bytes:
    return json.dumps({"error": one_line(message)}).encode()


def _client_error(code: int) -> int:
    """Return 400 for 501 and 505: they stand for a request that the server cannot read."""
    return 400 if code in (501, 505) else code
