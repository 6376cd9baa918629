"""Answer the routes of the server (specification §7, contract "The server")."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, UnsupportedMediaType

from pytest_f07 import wire
from pytest_f07.errors import TooLarge, WireError
from pytest_f07.server import openapi
from pytest_f07.server.arrow import FAILURE, ROUTE, ArrowBatches, read_body
from pytest_f07.windows import Predictions, Windows

log = logging.getLogger(__name__)


def create_app(identity: dict[str, Any], predict: Callable[[Windows], Predictions], headers: dict[str, str]) -> Flask:
    """Return the application.

    :param identity: what ``GET /`` answers beside ``status``: variant, manifest, models.
    :param predict: a function that returns every model's predictions of a batch of windows.
    :param headers: sent with every answer, refusals too.
    """
    app = Flask(__name__, static_folder=None)

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

    @app.post(ROUTE)
    def infer_batch() -> Response:
        if FAILURE in request.environ:
            raise request.environ[FAILURE]
        windows = wire.decode_windows(_read_body(wire.JSON, wire.ARROW))
        predictions = predict(windows)
        answers = wire.encode_answers(windows, predictions)
        answer = Response(f'{{"results":[{answers}]}}', mimetype=wire.JSON)
        return _with_digest(answer, windows, predictions)

    @app.after_request
    def sign(response: Response) -> Response:
        response.headers.update(headers)
        return response

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

    app.wsgi_app = ArrowBatches(app.wsgi_app, predict, headers)  # type: ignore[method-assign]  # as Flask's docs say
    return app


def _read_body(*types: str) -> bytes:
    if request.mimetype not in types:
        valid = " or ".join(types)
        raise UnsupportedMediaType(f"the body is {request.mimetype or 'of no stated type'}; it must be {valid}")
    return read_body(request.environ, wire.MAX_JSON_BYTES)


def _reason(error: HTTPException) -> str:
    if isinstance(error, RequestEntityTooLarge):
        limits = f"{wire.MAX_JSON_BYTES:,} bytes of JSON and {wire.MAX_BYTES:,} of Arrow"
        return f"the body is too large; at most {limits} are read"
    if error.code == 404:
        return f"no such route; there are {_routes()}"
    if error.code == 405:
        return f"{request.method} is not for {request.path}; there are {_routes()}"
    return " ".join(str(error.description).split())


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
