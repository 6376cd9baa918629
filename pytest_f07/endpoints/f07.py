"""Speak this project's own protocol: one kept connection for each request in flight, a deadline for each answer."""

from __future__ import annotations

import http.client
import json
import select
import socket
import ssl
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa

from pytest_f07 import wire
from pytest_f07.endpoints.endpoint import MAX_ANSWER_BYTES, Provides
from pytest_f07.endpoints.target import UrlTarget
from pytest_f07.errors import BrokenRun, WireError, one_line
from pytest_f07.variant.wording import counted
from pytest_f07.windows import Predictions, windows_of

CONNECTIONS = 4  # requests in flight


@dataclass(frozen=True)
class Request:
    """A request in flight, on a connection of its own until it is answered.

    :param windows: the windows it asks about; None where it is no batch.
    :param sent: when it was sent, by :func:`time.perf_counter`.
    """

    connection: http.client.HTTPConnection
    path: str
    windows: pa.Array = None
    sent: float = field(default_factory=time.perf_counter)


class Client:
    """A client of the server.

    It sends before it waits, so that up to :data:`CONNECTIONS` requests are in flight. A single thread is enough: more
    threads would take turns at the interpreter lock.

    It uses the standard library's connections: they read no proxy from the environment, which would take loopback
    traffic elsewhere.

    All methods raise :class:`BrokenRun` for an answer that is wrong, :class:`TimeoutError` where none
    comes within the deadline, and another :class:`OSError` where the connection breaks.

    :param names: the prediction names that every answer must hold, in order.
    :param manifest: the sha256 of the manifest that the server must serve; None: the one of its first answer.
    :param nonce: the random name of this run; an answer without it comes from another server. None: any.
    :param timeout_s: seconds for connecting, for the first byte of an answer, and for all of it once it is waited for.
    :param tls: how to encrypt; None for plain HTTP.
    :param prefix: what stands before each path.
    :param headers: sent with each request.
    """

    provides = Provides()

    def __init__(
        self,
        host: str,
        port: int,
        names: tuple[str, ...],
        manifest: str | None,
        nonce: str | None,
        timeout_s: float,
        *,
        tls: ssl.SSLContext | None = None,
        prefix: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.names, self.timeout_s = names, timeout_s
        expected = {wire.NONCE_HEADER: nonce, wire.MANIFEST_HEADER: manifest}
        self._expected: dict[str, str | None] = {name: value for name, value in expected.items() if value is not None}
        self._prefix, self._headers = prefix, dict(headers or {})

        def connection() -> http.client.HTTPConnection:
            if tls is not None:
                return http.client.HTTPSConnection(host, port, timeout=timeout_s, context=tls)
            return http.client.HTTPConnection(host, port, timeout=timeout_s)

        self._connections = [connection() for _ in range(CONNECTIONS)]
        self._idle = deque(self._connections)

    @classmethod
    def of_url(cls, target: UrlTarget, names: tuple[str, ...], timeout_s: float) -> Client:
        """Return a client of a server that somebody else has started, as ``make serve7`` does."""
        parts = urlsplit(target.url)
        tls = ssl.create_default_context(cafile=target.ca) if parts.scheme == "https" else None
        port = parts.port or http.client.HTTPConnection.default_port
        if tls and parts.port is None:
            port = http.client.HTTPSConnection.default_port
        return cls(
            parts.hostname or "",
            port,
            names,
            None,
            None,
            timeout_s,
            tls=tls,
            prefix=parts.path,
            headers=target.headers(),
        )

    @property
    def busy(self) -> bool:
        """Return whether every connection waits for an answer: the oldest must be received before another is sent."""
        return not self._idle

    def identity(self) -> dict[str, Any]:
        """Return the server's description of itself; it must be ready."""
        body, headers = self._receive(self._send("GET", "/"))
        document = _decode_json(body)
        if not isinstance(document, dict) or document.get("status") != "ready":
            raise BrokenRun(f"the server does not say that it is ready but {str(document)[:200]}")
        # From here on every answer must come from the same process and the same models.
        pinned = (wire.MANIFEST_HEADER, wire.PROCESS_HEADER, wire.MODELS_HEADER)
        self._expected |= {name: headers.get(name) for name in pinned}
        return document

    def send_batch(self, windows: pa.Array) -> Request:
        """Ask every model about a list array of windows."""
        return self._send("POST", "/infer_batch", wire.encode_windows_arrow(windows), wire.ARROW, windows)

    def receive_batch(self, request: Request) -> Predictions:
        """Return every model's answer, in order; requests must be received in the order in which they were sent."""
        body, headers = self._receive(request)
        try:
            answer = wire.decode_predictions_arrow(body, self.names)
        except WireError as error:
            raise BrokenRun(str(error)) from None
        if len(answer) != len(request.windows):
            raise BrokenRun(f"the server answered {len(answer):,} of {counted(len(request.windows), 'window')}")
        expected = wire.rows_digest(windows_of(request.windows), answer)
        if (digest := headers.get(wire.ROWS_HEADER)) != expected:
            raise BrokenRun(
                "the answer is not of the rows that were sent, in their order: "
                f"its {wire.ROWS_HEADER} is {digest!r}, not {expected!r}"
            )
        return answer

    def infer(self, window: list[int]) -> list[dict[str, Any]]:
        """Return every model's answer to one window, as the JSON route documents it."""
        body = json.dumps({"window": window}).encode()
        document = _decode_json(self._receive(self._send("POST", "/infer", body, wire.JSON))[0])
        answer = document.get("results") if isinstance(document, dict) else None
        if not isinstance(answer, list) or document.get("window") != window:
            raise BrokenRun(f"/infer answered {str(document)[:200]}")
        if [isinstance(result, dict) and result.get("prediction_name") for result in answer] != list(self.names):
            raise BrokenRun(f"/infer answered for other models: {str(answer)[:200]}")
        return answer

    def close(self) -> None:
        """Close all connections, also those that wait for an answer."""
        for connection in self._connections:
            connection.close()

    def _send(
        self, method: str, path: str, body: Any = None, content_type: str | None = None, windows: pa.Array = None
    ) -> Request:
        connection = self._idle.popleft()
        if connection.sock is not None and _is_ended(connection.sock):
            connection.close()  # a server ends connections that were silent for long; the request opens it again
        request = Request(connection, path, windows)
        try:
            headers = {**self._headers, **({"Content-Type": content_type} if content_type else {})}
            connection.request(method, self._prefix + path, body, headers)
        except OSError:
            self._return_connection(connection, broken=True)
            raise
        return request

    def _receive(self, request: Request) -> tuple[bytes, Message]:
        complete = False
        # Not from when it was sent: whoever sends ahead may have been busy meanwhile.
        end = time.perf_counter() + self.timeout_s
        try:
            with request.connection.getresponse() as response:
                body = self._read_body(response, end)
            complete = True
        except http.client.HTTPException as error:
            raise ConnectionError(f"what came is not HTTP: {error!r}") from None
        finally:
            self._return_connection(request.connection, broken=not complete)
        if response.status != 200:
            text = one_line(body[:300].decode("utf-8", "replace"))
            raise BrokenRun(f"the server refused {request.path} with {response.status}: {text}")
        for header, expected in self._expected.items():
            if (value := response.headers.get(header)) != expected:
                raise BrokenRun(
                    f"the answer of {request.path} is not of this run's server: its {header} is {value!r}, "
                    f"not {expected!r}"
                )
        return body, response.headers

    def _read_body(self, response: http.client.HTTPResponse, end: float) -> bytes:
        parts, size = [], 0
        while part := response.read1(MAX_ANSWER_BYTES):
            parts.append(part)
            size += len(part)
            if size > MAX_ANSWER_BYTES:
                raise BrokenRun(f"the server's answer is over {MAX_ANSWER_BYTES:,} bytes")
            if time.perf_counter() > end:
                raise TimeoutError
        if response.length:
            raise ConnectionError(f"the answer ends {response.length:,} bytes too early")
        return b"".join(parts)

    def _return_connection(self, connection: http.client.HTTPConnection, broken: bool) -> None:
        if broken:
            connection.close()  # the next request opens it again
        self._idle.append(connection)


def _is_ended(connection: socket.socket) -> bool:
    """Return whether there is something to read on a connection on which nothing was asked: its end."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))


def _decode_json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise BrokenRun(f"the server's answer is not JSON: {body[:200]!r}") from None
