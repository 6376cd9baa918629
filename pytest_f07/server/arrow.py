"""Answer batches in Arrow in plain WSGI, ahead of Flask, whose objects cost a fifth of a server's time at 256 windows.

All else is Flask's to answer, also why a batch is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wsgi import get_input_stream

from pytest_f07 import wire
from pytest_f07.windows import Predictions, Windows

ROUTE = "/infer_batch"
FAILURE = "f07.failure"  # the key in a request's environment of why its batch has no answer


class ArrowBatches:
    """A WSGI application around Flask's.

    :param flask: answers all other requests, and raises the failure of those that have one.
    :param predict: a function that returns every model's predictions of a batch of windows.
    :param headers: sent with every answer.
    """

    def __init__(
        self, flask: WSGIApplication, predict: Callable[[Windows], Predictions], headers: dict[str, str]
    ) -> None:
        self._flask, self._predict, self._headers = flask, predict, tuple(headers.items())

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        if not _is_arrow_batch(environ):
            return self._flask(environ, start_response)
        try:
            windows = wire.decode_windows_arrow(read_body(environ, wire.MAX_BYTES))
            predictions = self._predict(windows)
            answer, digest = wire.encode_predictions_arrow(predictions), wire.rows_digest(windows, predictions)
        except Exception as error:  # whatever it is, Flask knows how to say it
            environ[FAILURE] = error
            return self._flask(environ, start_response)
        length = str(len(answer))
        headers = [("Content-Type", wire.ARROW), ("Content-Length", length), (wire.ROWS_HEADER, digest)]
        start_response("200 OK", [*headers, *self._headers])
        return [answer]


def _is_arrow_batch(environ: WSGIEnvironment) -> bool:
    kind: str = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    return (kind, environ["PATH_INFO"], environ["REQUEST_METHOD"]) == (wire.ARROW, ROUTE, "POST")


def read_body(environ: WSGIEnvironment, max_bytes: int) -> bytes:
    """Return the body of a request; raise :class:`RequestEntityTooLarge` where it is over ``max_bytes``."""
    # A body in chunks states no length: Werkzeug cuts it at its limit and says nothing.
    body = get_input_stream(environ, max_content_length=max_bytes + 1).read()
    if len(body) > max_bytes:
        raise RequestEntityTooLarge
    return body
