"""Speak to the server: one kept connection for each request in flight, a deadline for each request."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import urllib3

from pytest_f07 import wire
from pytest_f07.errors import BrokenRun
from pytest_f07.wire import Predictions, WireError

CONNECTIONS = 3


class Client:
    """The server's client; safe to use from several threads.

    urllib3's pool is used bare (requests brings it): it asks no environment for proxies, which would take loopback
    traffic elsewhere, and costs half of what requests adds to it.

    :param names: the prediction names that every answer must hold, in order.
    :param manifest: the sha256 of the manifest that the server must serve.
    :param nonce: this run's; an answer without it is somebody else's.
    :param deadline: seconds for connecting and for each wait on the connection.
    """

    def __init__(
        self, host: str, port: int, names: tuple[str, ...], manifest: str, nonce: str, deadline: float = 120
    ) -> None:
        self.names, self.deadline = names, deadline
        self._expected: dict[str, str | None] = {wire.NONCE_HEADER: nonce, wire.MANIFEST_HEADER: manifest}
        self._pool = urllib3.HTTPConnectionPool(
            host, port, maxsize=CONNECTIONS, block=True, retries=False, timeout=urllib3.Timeout(deadline)
        )

    def identity(self) -> dict[str, Any]:
        """What the server says of itself; raises :class:`BrokenRun` where it is not this run's server."""
        response = self._request("GET", "/")
        document = _json(response.data)
        if not isinstance(document, dict) or document.get("status") != "ready":
            raise BrokenRun(f"the server does not say that it is ready but {str(document)[:200]}")
        # From here on every answer comes from this very process and these very models.
        self._expected |= {name: response.headers.get(name) for name in (wire.PROCESS_HEADER, wire.MODELS_HEADER)}
        return document

    def infer_batch(self, windows: pa.Array) -> Predictions:
        """Every model's answer to a list array of windows, in order."""
        body = wire.encode_windows_arrow(windows)
        response = self._request("POST", "/infer_batch", body, wire.ARROW)
        try:
            answer = wire.decode_predictions_arrow(response.data, self.names)
        except WireError as error:
            raise BrokenRun(str(error)) from None
        if len(answer) != len(windows):
            raise BrokenRun(f"the server answered {len(answer):,} of {len(windows):,} windows")
        expected, found = wire.rows_digest(wire.windows_of(windows), answer), response.headers.get(wire.ROWS_HEADER)
        if found != expected:
            raise BrokenRun(
                "the answer is not of the rows that were sent, in their order: "
                f"its {wire.ROWS_HEADER} is {found!r}, not {expected!r}"
            )
        return answer

    def infer(self, window: list[int]) -> list[dict[str, Any]]:
        """Every model's answer to one window, as the JSON route documents it."""
        document = _json(self._request("POST", "/infer", json.dumps({"window": window}).encode(), wire.JSON).data)
        answer = document.get("results") if isinstance(document, dict) else None
        if not isinstance(answer, list) or document.get("window") != window:
            raise BrokenRun(f"/infer answered {str(document)[:200]}")
        if [isinstance(one, dict) and one.get("prediction_name") for one in answer] != list(self.names):
            raise BrokenRun(f"/infer answered for other models: {str(answer)[:200]}")
        return answer

    def close(self) -> None:
        """Close the kept connections."""
        self._pool.close()

    def _request(
        self, method: str, path: str, body: Any = None, content_type: str | None = None
    ) -> urllib3.BaseHTTPResponse:
        headers = {"Content-Type": content_type} if content_type else {}
        response = self._pool.urlopen(method, path, body=body, headers=headers)
        if response.status != 200:
            said = " ".join(response.data[:300].decode("utf-8", "replace").split())
            raise BrokenRun(f"the server refused {path} with {response.status}: {said}")
        for header, expected in self._expected.items():
            if (found := response.headers.get(header)) != expected:
                raise BrokenRun(
                    f"the answer of {path} is not of this run's server: its {header} is {found!r}, not {expected!r}"
                )
        return response


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise BrokenRun(f"the server's answer is not JSON: {body[:200]!r}") from None
