"""Describe the routes as an OpenAPI document: served at ``/openapi.json``, tested by Schemathesis (make fuzz)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest_f07
from pytest_f07 import wire
from pytest_f07.windows import MAX_WINDOW, MAX_WINDOWS

Schema = dict[str, Any]

_WINDOW: Schema = {
    "type": "array",
    "items": {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
    "maxItems": MAX_WINDOW,
}
_ERROR: Schema = {"$ref": "#/components/schemas/Error"}
_REFUSALS = {
    "400": "The body is not what is described here.",
    "413": "The body, a window, or the list of windows is too large.",
    "415": "The body's content type is not one of those described here.",
    "500": "The server failed; its log says more.",
}


def document(names: Sequence[str]) -> Schema:
    """Return the document.

    :param names: the prediction names, in the order of every answer.
    """
    answer = {"$ref": "#/components/schemas/Answer"}
    batch = {"type": "object", "required": ["results"], "properties": {"results": {"type": "array", "items": answer}}}
    stream = {"schema": {"type": "string", "format": "binary"}}
    windows = {"type": "array", "items": _WINDOW, "maxItems": MAX_WINDOWS}
    request_content = {wire.JSON: {"schema": _object("windows", windows)}, wire.ARROW: stream}
    answer_content = {wire.JSON: {"schema": batch}, wire.ARROW: stream}
    return {
        "openapi": "3.1.0",
        "info": {"title": "F07 runtime", "version": pytest_f07.__version__},
        "paths": {
            "/": {
                "get": {
                    "summary": "Who this server is, once it is ready.",
                    "responses": {"200": _content("Ready.", {wire.JSON: {"schema": _READY}})},
                }
            },
            "/openapi.json": {
                "get": {
                    "summary": "This document.",
                    "responses": {"200": _content("This document.", {wire.JSON: {"schema": {"type": "object"}}})},
                }
            },
            "/infer": _post(
                "Every model's answer to one window (for debugging).",
                {wire.JSON: {"schema": _object("window", _WINDOW)}},
                {wire.JSON: {"schema": answer}},
            ),
            "/infer_batch": _post("Every model's answer to each window, in order.", request_content, answer_content),
        },
        "components": {"schemas": {"Answer": _answer(names), "Error": _object("error", {"type": "string"})}},
    }


_READY: Schema = {
    "type": "object",
    "required": ["status", "models"],
    "properties": {"status": {"const": "ready"}, "models": {"type": "integer"}},
}


def _answer(names: Sequence[str]) -> Schema:
    result = {
        "type": "object",
        "required": ["prediction_name", "y_pred", "y_prob"],
        "properties": {
            "prediction_name": {"enum": list(names)},
            "y_pred": {"enum": [0, 1]},
            "y_prob": {"type": ["number", "null"], "description": "null where the model gives no number"},
        },
    }
    results = {"type": "array", "items": result, "minItems": len(names), "maxItems": len(names)}
    return {"type": "object", "required": ["window", "results"], "properties": {"window": _WINDOW, "results": results}}


def _object(key: str, schema: Schema) -> Schema:
    return {"type": "object", "required": [key], "properties": {key: schema}}


def _post(summary: str, request_content: Schema, answer_content: Schema) -> Schema:
    refusals = {code: _content(words, {wire.JSON: {"schema": _ERROR}}) for code, words in _REFUSALS.items()}
    return {
        "post": {
            "summary": summary,
            "requestBody": {"required": True, "content": request_content},
            "responses": {"200": _content("The answers.", answer_content), **refusals},
        }
    }


def _content(description: str, content: Schema) -> Schema:
    return {"description": description, "content": content}
