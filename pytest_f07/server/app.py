"""Answer the routes of the server (specification §7, contract "The server")."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException, NotFound, RequestEntityTooLarge

from pytest_f07 import wire
from pytest_f07.errors import TooLarge, WireError
from pytest_f07.server import openapi
from pytest_f07.server.batches import FAILURE, ROUTE, Batches, read_body
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
        windows = wire.decode_window(read_body(request.environ, wire.JSON))
        predictions = predict(windows)
        answer = Response(wire.encode_answers(windows, predictions), mimetype=wire.JSON)
        answer.headers[wire.ROWS_HEADER] = wire.rows_digest(windows, predictions)
        return answer

    @app.post(ROUTE)
    def refuse_batch() -> Response:
        raise request.environ.get(FAILURE) or NotFound()  # the latter for //infer_batch, which Flask takes for the same

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

    app.wsgi_app = Batches(app.wsgi_app, predict, headers)  # type: ignore[method-assign]  # as Flask's docs say
    return app


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


def _json(document: object, status: int = 200) -> Response:
    text = json.dumps(document, separators=(",", ":"), allow_nan=False)
    return Response(text, status=status, mimetype=wire.JSON)


def _error(message: str, status: int) -> Response:
    return _json({"error": message}, status)
