"""The standard library's connections, which send a request at once: head and body apart wake the server twice."""

from __future__ import annotations

import http.client
from typing import Any


class Connection(http.client.HTTPConnection):
    """A connection in plain HTTP."""

    _parts: list[Any] | None = None

    def request(self, *arguments: Any, **options: Any) -> None:
        """Send a request as :meth:`http.client.HTTPConnection.request` does, in one piece."""
        parts = self._parts = []
        try:
            super().request(*arguments, **options)
        finally:
            self._parts = None
        self.send(b"".join(parts))

    def send(self, data: Any) -> None:
        """Send data, or keep it where it is a part of a request."""
        if self._parts is None:
            super().send(data)
        else:
            self._parts.append(data)


class TlsConnection(Connection, http.client.HTTPSConnection):
    """The same in HTTPS."""
