"""Change every answer of an application, those to batches too, which Flask's own hooks do not see."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask, Response
from werkzeug.test import run_wsgi_app


def change_answers(app: Flask, change: Callable[[Response], Response]) -> None:
    """Let the application answer what ``change`` returns for its answer."""
    answer = app.wsgi_app

    def answer_otherwise(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body, status, headers = run_wsgi_app(answer, environ, buffered=True)
        return change(Response(body, status, headers))(environ, start_response)

    app.wsgi_app = answer_otherwise  # type: ignore[method-assign]
