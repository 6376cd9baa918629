"""Answer batches in plain WSGI, ahead of Flask, whose objects cost a fifth of the server's time at 256 windows.

All else is Flask's to answer, also why a batch is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType
from werkzeug.wsgi import get_input_stream

from pytest_f07 import wire
from pytest_f07.windows import Predictions, Windows

ROUTE = "/infer_batch"
FAILURE = "f07.failure"  # the key in a request's environment of why its batch has no answer


class Batches:
    """A WSGI application around Flask's.

    :param flask: answers all other requests, and raises the failure of a batch that has one.
    :param predict: a function that returns every model's predictions of a batch of windows.
    :param headers: sent with every answer.
    """

    def __init__(
        self, flask: WSGIApplication, predict: Callable[[Windows], Predictions], headers: dict[str, str]
    ) -> None:
        self._flask, self._predict, self._headers = flask, predict, tuple(headers.items())

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        if (environ["REQUEST_METHOD"], environ["PATH_INFO"]) != ("POST", ROUTE):
            return self._flask(environ, start_response)
        try:
            answer, digest = self._answer(environ)
        except Exception as error:  # whatever it is, Flask knows how to say it
            environ[FAILURE] = error
            return self._flask(environ, start_response)
        headers = [("Content-Type", _type_of(environ)), ("Content-Length", str(len(answer)))]
        start_response("200 OK", [*headers, (wire.ROWS_HEADER, digest), *self._headers])
        return [answer]

    def _answer(self, environ: WSGIEnvironment) -> tuple[bytes, str]:
        """Return the answer to a batch, in the form in which it was asked, and the digest of its rows."""
        body, is_arrow = read_body(environ, wire.JSON, wire.ARROW), _type_of(environ) == wire.ARROW
        windows = wire.decode_windows_arrow(body) if is_arrow else wire.decode_windows(body)
        predictions = self._predict(windows)
        digest = wire.rows_digest(windows, predictions)
        if is_arrow:
            return wire.encode_predictions_arrow(predictions), digest
        return f'{{"results":[{wire.encode_answers(windows, predictions)}]}}'.encode(), digest


def read_body(environ: WSGIEnvironment, *types: str) -> bytes:
    """Return the body of a request.

    :raises UnsupportedMediaType: where it is of none of these types.
    :raises RequestEntityTooLarge: where it is over the limit of its type.
    """
    kind = _type_of(environ)
    if kind not in types:
        raise UnsupportedMediaType(f"the body is {kind or 'of no stated type'}; it must be {' or '.join(types)}")
    limit = wire.MAX_JSON_BYTES if kind == wire.JSON else wire.MAX_BYTES
    # A body in chunks states no length: Werkzeug cuts it at its limit and says nothing.
    body = get_input_stream(environ, max_content_length=limit + 1).read()
    if len(body) > limit:
        raise RequestEntityTooLarge
    return body


def _type_of(environ: WSGIEnvironment) -> str:
    kind: str = environ.get("CONTENT_TYPE", "").partition(";")[0]
    return kind.strip().lower()
