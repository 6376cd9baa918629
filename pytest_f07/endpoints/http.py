"""Speak HTTP with a server that is not ours: bounded in bytes and time, no redirects, nothing taken from elsewhere."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from pytest_f07.endpoints.endpoint import CONNECTIONS, MAX_ANSWER_BYTES
from pytest_f07.endpoints.target import UrlTarget, is_loopback
from pytest_f07.errors import BrokenRun, one_line

JSON = "application/json"
RETRIES = 2
REASON_CHARACTERS = 300


@dataclass(frozen=True)
class Answer:
    """The answer to a request.

    :param url: that was asked.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_good(self) -> bool:
        """Return whether the server did what was asked."""
        return self.status == 200

    def checked(self) -> Answer:
        """Return the answer; raise :class:`BrokenRun` with the server's reason where it refused."""
        if 300 <= self.status < 400:
            raise BrokenRun(
                f"{self.url} redirects to {str(self.headers.get('Location'))[:200]!r}, and no redirect is followed; "
                "set runtime.url to the address that answers"
            )
        if not self.is_good:
            raise BrokenRun(f"{self.url} was refused with {self.status}: {self.reason}")
        return self

    @property
    def reason(self) -> str:
        """Return what the server says of an error, in one line."""
        try:
            document = json.loads(self.body)
        except (ValueError, RecursionError):
            document = None
        if isinstance(document, dict):
            for key in ("error", "message", "detail"):
                if document.get(key):
                    return shorten(str(document[key]))
        text = self.body[: 4 * REASON_CHARACTERS].decode("utf-8", "replace")
        return shorten(re.sub(r"<[^>]*>", " ", text)) or "no reason is given"  # a page's text is enough

    def json(self) -> Any:
        """Return the document in the body; raise :class:`BrokenRun` where it is no JSON."""
        try:
            return json.loads(self.body)  # the tokens NaN and Infinity are read as numbers
        except (ValueError, RecursionError):
            raise BrokenRun(f"{self.url} answered what is not JSON: {self.body[:200]!r}") from None

    def mapping(self) -> dict[str, Any]:
        """Return the JSON object in the body; raise :class:`BrokenRun` where it is none."""
        document = self.json()
        if not isinstance(document, dict):
            raise BrokenRun(f"{self.url} answered {shorten(str(document))}, which is no JSON object")
        return document


@dataclass(frozen=True)
class Pending:
    """A request under way.

    :param deadline: by :func:`time.perf_counter`.
    """

    future: Future[Answer]
    sent: float
    deadline: float

    def wait(self) -> Answer:
        """Return the answer, whatever its status.

        :raises TimeoutError: where it does not come before the deadline.
        :raises OSError: where the connection cannot be made or breaks.
        """
        try:
            return self.future.result(max(0.0, self.deadline - time.perf_counter()))
        except (FutureTimeout, requests.Timeout):
            raise TimeoutError from None
        except requests.RequestException as error:
            raise ConnectionError(_cause(error)) from None


class _Retry(Retry):
    """Repeat what a server that is busy asks to repeat; 413 says that a request is too large, whenever it is sent."""

    RETRY_AFTER_STATUS_CODES = frozenset({429, 503})


class Http:
    """Requests to the addresses of one target, some of them at a time.

    What the environment says of proxies is asked here, so that nothing else of it counts: a ``.netrc`` would replace
    the token, ``REQUESTS_CA_BUNDLE`` the certificates.
    """

    def __init__(self, target: UrlTarget, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.update({"Accept-Encoding": "identity", **target.headers()})
        self._session.verify = str(target.ca) if target.ca else True
        retry = _Retry(
            total=2 * RETRIES,
            connect=RETRIES,
            read=0,
            redirect=0,
            status=RETRIES,
            other=0,
            allowed_methods=None,
            respect_retry_after_header=True,
            raise_on_status=False,
            backoff_factor=0.2,
        )
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=8 * CONNECTIONS, max_retries=retry))

    def get(self, url: str) -> Answer:
        """Return the answer to GET."""
        return self._start("GET", url, None, {}).wait()

    def send(
        self, url: str, body: bytes, content_type: str = JSON, headers: Mapping[str, str] | None = None
    ) -> Pending:
        """Send a body with POST, without waiting for the answer."""
        return self._start("POST", url, body, {"Content-Type": content_type, **(headers or {})})

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _start(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Pending:
        sent = time.perf_counter()
        deadline = sent + self._timeout_s
        host = urlsplit(url).hostname or ""
        proxies = {} if is_loopback(host) else requests.utils.get_environ_proxies(url)

        def ask() -> Answer:
            with self._session.request(
                method,
                url,
                data=body,
                headers=dict(headers),
                proxies=proxies,
                timeout=self._timeout_s,
                allow_redirects=False,
                stream=True,
            ) as response:
                return Answer(url, response.status_code, response.headers, _read_body(response, url, deadline))

        return Pending(_in_thread(ask), sent, deadline)


def _read_body(response: requests.Response, url: str, deadline: float) -> bytes:
    parts, size = [], 0
    for part in response.iter_content(65_536):
        parts.append(part)
        size += len(part)
        if size > MAX_ANSWER_BYTES:
            raise BrokenRun(f"{url} answered more than {MAX_ANSWER_BYTES:,} bytes")
        if time.perf_counter() > deadline:
            raise requests.Timeout
    return b"".join(parts)


def _in_thread(ask: Callable[[], Answer]) -> Future[Answer]:
    """Start a function in a thread that no one waits for: a server that never ends its answer must not hold the run."""
    future: Future[Answer] = Future()

    def work() -> None:
        try:
            future.set_result(ask())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=work, name="f07-request", daemon=True).start()
    return future


def _cause(error: BaseException) -> str:
    """Return the innermost reason of a failed request: the others wrap it in the names of their own objects."""
    while inner := _inner(error):
        error = inner
    text = getattr(error, "strerror", None) or str(error).rpartition(": ")[2] or type(error).__name__
    return re.sub(r"^\[Errno -?\d+\] ", "", shorten(text))


def _inner(error: BaseException) -> BaseException | None:
    return next(
        (part for part in (getattr(error, "reason", None), *error.args) if isinstance(part, BaseException)), None
    )


def shorten(text: str) -> str:
    """Return a text of a server in one line that is not too long."""
    line = one_line(text)
    return line if len(line) <= REASON_CHARACTERS else f"{line[:REASON_CHARACTERS]}…"
