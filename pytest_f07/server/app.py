"""Answer the routes of the server (specification §7, contract "The server")."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, UnsupportedMediaType

from pytest_f07 import wire
from pytest_f07.errors import TooLarge, WireError, one_line
from pytest_f07.server import openapi
from pytest_f07.windows import Predictions, Windows

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)


def create_app(identity: dict[str, Any], predict: Callable[[Windows], Predictions], headers: dict[str, str]) -> Flask:
    """Return the application.

    :param identity: what ``GET /`` answers beside ``status``: variant, manifest, models.
    :param predict: a function that returns every model's predictions of a batch of windows.
    :param headers: sent with every answer, refusals too.
    """
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = wire.MAX_BYTES + 1
    app.wsgi_app = _with_headers(app.wsgi_app, headers)  # type: ignore[method-assign, assignment]  # as Flask documents it

    @app.get("/")
    def ready() -> Response:
        return _json({"status": "ready", **identity})

    @app.get("/openapi.json")
    def describe() -> Response:
        return _json(openapi.document([model["prediction_name"] for model in identity.get("loaded", [])]))

    @app.post("/infer")
    def infer() -> Response:
        windows = wire.decode_window(_read_body(wire.JSON))
        predictions = predict(windows)
        answer = Response(wire.encode_answers(windows, predictions), mimetype=wire.JSON)
        return _with_digest(answer, windows, predictions)

    @app.post("/infer_batch")
    def infer_batch() -> Response:
        if request.mimetype == wire.ARROW:
            windows = wire.decode_windows_arrow(_read_body(wire.ARROW))
            predictions = predict(windows)
            answer = Response(wire.encode_predictions_arrow(predictions), mimetype=wire.ARROW)
        else:
            windows = wire.decode_windows(_read_body(wire.JSON, wire.ARROW))
            predictions = predict(windows)
            answers = wire.encode_answers(windows, predictions)
            answer = Response(f'{{"results":[{answers}]}}', mimetype=wire.JSON)
        return _with_digest(answer, windows, predictions)

    @app.errorhandler(WireError)
    def refuse(error: WireError) -> Response:
        return _error(str(error), 413 if isinstance(error, TooLarge) else 400)

    @app.errorhandler(HTTPException)
    def refuse_http(error: HTTPException) -> Response:
        response = _error(_reason(error), error.code or 500)
        if allowed := getattr(error, "valid_methods", None):
            response.headers["Allow"] = ", ".join(sorted(allowed))
        return response

    @app.errorhandler(Exception)
    def fail(error: Exception) -> Response:
        log.exception("%s %s", request.method, request.path)
        return _error(f"the server failed: {type(error).__name__}; its log says more", 500)

    return app


def _with_headers(application: WSGIApplication, headers: Mapping[str, str]) -> WSGIApplication:
    """Return an application that sends these headers with each of its answers."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, own: list[tuple[str, str]], *error: Any) -> Any:
            return start_response(status, [*own, *headers.items()], *error)

        return application(environ, start)

    return answer


def _read_body(*types: str) -> bytes:
    if request.mimetype not in types:
        valid = " or ".join(types)
        raise UnsupportedMediaType(f"the body is {request.mimetype or 'of no stated type'}; it must be {valid}")
    body = request.get_data(cache=False)
    # A body in chunks states no length: Werkzeug cuts it at its limit and says nothing.
    if len(body) > (wire.MAX_JSON_BYTES if request.mimetype == wire.JSON else wire.MAX_BYTES):
        raise RequestEntityTooLarge
    return body


def _reason(error: HTTPException) -> str:
    if isinstance(error, RequestEntityTooLarge):
        limits = f"{wire.MAX_JSON_BYTES:,} bytes of JSON and {wire.MAX_BYTES:,} of Arrow"
        return f"the body is too large; at most {limits} are read"
    if error.code == 404:
        return f"no such route; there are {_routes()}"
    if error.code == 405:
        return f"{request.method} is not for {request.path}; there are {_routes()}"
    return one_line(str(error.description))


def _routes() -> str:
    """Return the routes as a reader types them: ``GET /, GET /openapi.json, POST /infer, POST /infer_batch``."""
    return ", ".join(
        f"{method} {rule.rule}"
        for rule in current_app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) & {"GET", "POST"})
    )


def _with_digest(response: Response, windows: Windows, predictions: Predictions) -> Response:
    """Return ``response`` with the digest of its rows in a header."""
    response.headers[wire.ROWS_HEADER] = wire.rows_digest(windows, predictions)
    return response


def _json(document: object, status: int = 200) -> Response:
    text = json.dumps(document, separators=(",", ":"), allow_nan=False)
    return Response(text, status=status, mimetype=wire.JSON)


def _error(message: str, status: int) -> Response:
    return _json({"error": message}, status)
