"""Test the contract in JSON against the pipeline's own kind of server, and ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

import numpy as np
import pytest
from flask import Flask, Response

from pytest_f07 import wire
from pytest_f07.endpoints.connect import connect
from pytest_f07.endpoints.endpoint import Endpoint, Provides
from pytest_f07.endpoints.f07_json import JsonEndpoint
from pytest_f07.endpoints.target import UrlTarget
from pytest_f07.errors import BrokenRun
from pytest_f07.server.app import create_app
from pytest_f07.windows import Predictions, Windows
from tests.changed_answers import change_answers
from tests.protocol_server import pipeline_app, serving, window_sums
from tests.unit.endpoints.small_models import MODELS, NAMES, WINDOWS

SHA256 = {"loaded": [{"prediction_name": name, "sha256": "0" * 64} for name in NAMES]}


@contextmanager
def asked(app: Flask) -> Iterator[JsonEndpoint]:
    """Serve ``app``, and yield an endpoint of it."""
    with serving(app) as url, closing(connect(UrlTarget(url, "f07-json"), MODELS, "", 60)) as endpoint:
        assert isinstance(endpoint, JsonEndpoint)
        yield endpoint


def ask(endpoint: Endpoint[Any]) -> Predictions:
    endpoint.identity()
    return endpoint.receive_batch(endpoint.send_batch(WINDOWS))


def odd_labels(windows: list[list[int]]) -> Mapping[str, np.ndarray]:
    """Label a window by its sum; the models stand in another order than in the package."""
    sums = window_sums(windows)
    return {"overload": sums % 2, "Trip": sums > 5}


def predict(windows: Windows) -> Predictions:
    """Score a window by its length; the second model gives no number."""
    score = (np.diff(windows.offsets) / 4).astype(np.float32)
    y_prob = np.stack([score, np.full_like(score, np.nan)], axis=1)
    return Predictions(NAMES, (y_prob >= 0.5).astype(np.int8), y_prob)


def test_labels_alone_are_matched_by_name_and_have_no_scores() -> None:
    with asked(pipeline_app(odd_labels)) as endpoint:
        predictions = ask(endpoint)
        assert predictions.names == NAMES
        assert predictions.y_pred.tolist() == [[0, 1], [0, 0], [1, 0]]
        assert not predictions.has_scores
        assert np.isnan(predictions.y_prob).all()
        assert endpoint.provides == Provides(
            scores=False, identity=False, rows="window", non_finite="none", single=False
        )


def test_our_own_server_gives_everything_but_the_digest_of_the_rows() -> None:
    with asked(create_app(SHA256 | {"models": 2}, predict, {})) as endpoint:
        predictions = ask(endpoint)
        assert predictions.has_scores
        np.testing.assert_array_equal(
            predictions.y_prob, np.array([[0.75, np.nan], [0, np.nan], [0.75, np.nan]], np.float32)
        )
        assert endpoint.provides == Provides(rows="window", non_finite="null")
        assert endpoint.identity() == SHA256 | {"models": 2}
        assert endpoint.infer([5, -1]) == [
            {"prediction_name": "Trip", "y_pred": 1, "y_prob": 0.5},
            {"prediction_name": "overload", "y_pred": 0, "y_prob": None},
        ]


def test_what_changes_with_the_time_is_no_identity() -> None:
    app = create_app(SHA256 | {"uptime": 7}, predict, {})
    with asked(app) as endpoint:
        assert endpoint.identity() == SHA256


REORDERED = "the answers stand in another order, or are of other rows"
WRONG = {
    "loading": "the server does not say that it is ready but {'models': 2, 'status': 'loading'}",
    "order": f"/infer_batch, result 0, is of the window [9, 3, 4], not of [1, 2, 2]: {REORDERED}",
    "lost": "/infer_batch answered 2 of 3 windows",
    "model": "/infer_batch, result 0, has no prediction of Trip; it has overload",
    "label": "/infer_batch gives overload the y_pred 2; it must be 0 or 1",
    "no-window": f"/infer_batch, result 0, is of the window None, not of [1]: {REORDERED}",
}


@pytest.mark.parametrize(("fault", "message"), WRONG.items(), ids=WRONG)
def test_a_wrong_answer_is_one_line(fault: str, message: str) -> None:
    with asked(pipeline_app(odd_labels, fault)) as endpoint, pytest.raises(BrokenRun) as caught:
        ask(endpoint)
    assert str(caught.value).endswith(message)


def test_a_server_that_fails_with_a_page_is_one_line() -> None:
    def fails(windows: list[list[int]]) -> Mapping[str, np.ndarray]:
        raise RuntimeError("planted")

    with asked(pipeline_app(fails)) as endpoint, pytest.raises(BrokenRun) as caught:
        ask(endpoint)
    assert "/infer_batch was refused with 500: 500 Internal Server Error" in str(caught.value)
    assert "\n" not in str(caught.value)


def change_scores(change: Callable[[dict[str, Any]], object]) -> Flask:
    """Return our own server with changed results."""
    app = create_app({}, predict, {})

    def change_answer(response: Response) -> Response:
        if response.mimetype == wire.JSON and b'"results":[{' in response.data:
            document = response.get_json()
            for row in document["results"]:
                for result in row.get("results", ()):
                    change(result)
            response.data = app.json.dumps(document)
        return response

    change_answers(app, change_answer)
    return app


def drop_one(result: dict[str, Any]) -> None:
    if result["prediction_name"] == "Trip":
        del result["y_prob"]


SCORES = {
    "of some models": (drop_one, "gives y_prob for overload alone; give it for all, or for none"),
    "text": (lambda result: result.update(y_prob="0.5"), "gives Trip the y_prob 0.5; it must be a number"),
    "a label": (lambda result: result.update(y_pred="1"), "gives Trip the y_pred 1; it must be 0 or 1"),
}


@pytest.mark.parametrize(("change", "message"), SCORES.values(), ids=SCORES)
def test_scores_that_are_none_are_one_line(change: Callable[[dict[str, Any]], object], message: str) -> None:
    with asked(change_scores(change)) as endpoint, pytest.raises(BrokenRun) as caught:
        ask(endpoint)
    assert str(caught.value).endswith(message)
