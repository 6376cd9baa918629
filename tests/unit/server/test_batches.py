from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import numpy as np
import pyarrow as pa
import pytest
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType
from werkzeug.test import Client, TestResponse

from pytest_f07 import wire
from pytest_f07.errors import WireError
from pytest_f07.server.batches import FAILURE, Batches
from pytest_f07.windows import Predictions, Windows

WINDOWS = pa.array([[1, 5], [], [2]], pa.list_(pa.int64()))
BATCH = bytes(wire.encode_windows_arrow(WINDOWS))


def score_lengths(windows: Windows) -> Predictions:
    """One model that scores a window by its length, and fails at long ones."""
    scores = (np.diff(windows.offsets) / 4).astype(np.float32)[:, None]
    if scores.max(initial=0) > 1:
        raise ZeroDivisionError
    return Predictions(("length",), (scores >= 0.5).astype(np.int8), scores)


class Flask:
    """What stands for Flask's application, and remembers what it is to answer."""

    def __init__(self) -> None:
        self.failures: list[object] = []

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer that it was asked."""
        self.failures.append(environ.get(FAILURE))
        start_response("418 I'M A TEAPOT", [])
        return [b""]


def ask(flask: Flask, path: str = "/infer_batch", **options: Any) -> TestResponse:
    """Return the answer to a request; to a batch in Arrow where nothing else is said."""
    client = Client(Batches(flask, score_lengths, {wire.NONCE_HEADER: "of this run"}))
    request = {"method": "POST", "data": BATCH, "content_type": wire.ARROW}
    return client.open(path, **(request | options))


DIGEST = wire.rows_digest(
    Windows(np.array([1, 5, 2]), np.array([0, 2, 2, 3])),
    Predictions(("length",), np.array([[1], [0], [0]], np.int8), np.array([[0.5], [0], [0.25]], np.float32)),
)


def assert_answered(response: TestResponse, kind: str) -> None:
    """Hold the answer to what each must tell beside its predictions."""
    assert (response.status_code, response.mimetype) == (200, kind)
    assert response.headers[wire.NONCE_HEADER] == "of this run"
    assert response.headers[wire.ROWS_HEADER] == DIGEST
    assert response.content_length == len(response.data)


@pytest.mark.parametrize("kind", [wire.ARROW, wire.ARROW.upper(), f"{wire.ARROW} ; charset=binary"])
def test_a_batch_in_arrow_is_answered_signed_and_with_the_digest_of_its_rows(kind: str) -> None:
    flask = Flask()
    response = ask(flask, content_type=kind)
    assert_answered(response, wire.ARROW)
    assert flask.failures == []
    assert wire.decode_predictions_arrow(response.data, ("length",)).y_prob.tolist() == [[0.5], [0.0], [0.25]]


@pytest.mark.parametrize("kind", [wire.JSON, "Application/JSON; charset=utf-8"])
def test_a_batch_in_json_too(kind: str) -> None:
    flask = Flask()
    response = ask(flask, data=b'{"windows": [[1, 5], [], [2]]}', content_type=kind)
    assert_answered(response, wire.JSON)
    assert flask.failures == []
    assert response.json is not None
    assert [answer["window"] for answer in response.json["results"]] == [[1, 5], [], [2]]
    assert [answer["results"][0]["y_prob"] for answer in response.json["results"]] == [0.5, 0, 0.25]


@pytest.mark.parametrize("options", [{"path": "/infer"}, {"method": "GET"}], ids=["another route", "another method"])
def test_all_else_is_for_flask(options: dict[str, Any]) -> None:
    flask = Flask()
    assert ask(flask, **options).status_code == 418
    assert flask.failures == [None]


LONG = bytes(wire.encode_windows_arrow(pa.array([[1] * 5], pa.list_(pa.int64()))))


@pytest.mark.parametrize(
    ("options", "failure"),
    [
        ({"data": b"no Arrow"}, WireError),
        ({"data": b"no JSON", "content_type": wire.JSON}, WireError),
        ({"content_type": "text/csv"}, UnsupportedMediaType),
        ({"data": BATCH + bytes(1000)}, RequestEntityTooLarge),
        ({"data": LONG}, ZeroDivisionError),
    ],
    ids=["no Arrow", "no JSON", "another type", "too large", "a model that fails"],
)
def test_a_batch_without_an_answer_goes_to_flask_with_its_failure(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], failure: type[Exception]
) -> None:
    monkeypatch.setattr(wire, "MAX_BYTES", len(BATCH) + 500)
    flask = Flask()
    assert ask(flask, **options).status_code == 418
    assert [type(each) for each in flask.failures] == [failure]
