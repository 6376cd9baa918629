from __future__ import annotations

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

import numpy as np
import pyarrow as pa
import pytest
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.test import Client, TestResponse

from pytest_f07 import wire
from pytest_f07.errors import WireError
from pytest_f07.server.arrow import FAILURE, ArrowBatches
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


def ask(flask: Flask, path: str = "/infer_batch", **options: str | bytes) -> TestResponse:
    """Return the answer to a request; to a batch in Arrow where nothing else is said."""
    client = Client(ArrowBatches(flask, score_lengths, {wire.NONCE_HEADER: "of this run"}))
    request = {"method": "POST", "data": BATCH, "content_type": wire.ARROW}
    return client.open(path, **(request | options))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [wire.ARROW, wire.ARROW.upper(), f"{wire.ARROW} ; charset=binary"])
def test_a_batch_in_arrow_is_answered_signed_and_with_the_digest_of_its_rows(kind: str) -> None:
    flask = Flask()
    response = ask(flask, content_type=kind)
    assert (response.status_code, response.mimetype, flask.failures) == (200, wire.ARROW, [])
    predictions = wire.decode_predictions_arrow(response.data, ("length",))
    assert predictions.y_prob.tolist() == [[0.5], [0.0], [0.25]]
    assert response.headers[wire.NONCE_HEADER] == "of this run"
    windows = Windows(np.array([1, 5, 2]), np.array([0, 2, 2, 3]))
    assert response.headers[wire.ROWS_HEADER] == wire.rows_digest(windows, predictions)
    assert response.content_length == len(response.data)


@pytest.mark.parametrize(
    "options",
    [{"path": "/infer"}, {"method": "GET"}, {"content_type": wire.JSON}, {"content_type": ""}],
    ids=["another route", "another method", "JSON", "no type"],
)
def test_all_else_is_for_flask(options: dict[str, str]) -> None:
    flask = Flask()
    assert ask(flask, **options).status_code == 418
    assert flask.failures == [None]


LONG = bytes(wire.encode_windows_arrow(pa.array([[1] * 5], pa.list_(pa.int64()))))


@pytest.mark.parametrize(
    ("body", "failure"),
    [(b"no Arrow", WireError), (BATCH + bytes(1000), RequestEntityTooLarge), (LONG, ZeroDivisionError)],
    ids=["no Arrow", "too large", "a model that fails"],
)
def test_a_batch_without_an_answer_goes_to_flask_with_its_failure(
    monkeypatch: pytest.MonkeyPatch, body: bytes, failure: type[Exception]
) -> None:
    monkeypatch.setattr(wire, "MAX_BYTES", len(BATCH) + 500)
    flask = Flask()
    assert ask(flask, data=body).status_code == 418
    assert [type(each) for each in flask.failures] == [failure]
