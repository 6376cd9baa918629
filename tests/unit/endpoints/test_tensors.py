"""Test the protocols that take tensors against small servers: right scores come as they are, wrong ones do not."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_f07.errors import BrokenRun
from pytest_f07.vectorize import Vectorizer
from pytest_f07.windows import windows_of
from tests.protocol_server import plain_scores
from tests.unit.endpoints.small_models import MODELS, NAMES, WINDOWS
from tests.unit.endpoints.small_servers import SERVERS, ask, asked


def expected_scores() -> np.ndarray:
    windows = windows_of(WINDOWS)
    scores = [plain_scores(model.prediction_name, Vectorizer(model.vectorization)(windows)) for model in MODELS]
    return np.stack(scores, axis=1)


@pytest.mark.parametrize("server", SERVERS)
def test_scores_come_as_they_were_given_and_the_run_applies_the_threshold(server: str) -> None:
    with asked(server) as endpoint:
        predictions = ask(endpoint)
        assert predictions.names == NAMES
        assert predictions.has_scores
        np.testing.assert_array_equal(predictions.y_prob, expected_scores())
        np.testing.assert_array_equal(predictions.y_pred, expected_scores() >= np.array([0.5, 0.25], np.float32))
        told = endpoint.provides
        assert (told.scores, told.labels, told.identity, told.rows, told.single, told.raw) == (
            True,
            False,
            False,
            "place",
            False,
            False,
        )


@pytest.mark.parametrize("server", SERVERS)
def test_what_is_no_number_is_none_whatever_the_server_writes(server: str) -> None:
    def predict(name: str, tensor: np.ndarray) -> np.ndarray:
        return np.where(tensor.any(axis=1), np.float32(0.75), np.float32(np.nan))

    with asked(server, predict=predict) as endpoint:
        predictions = ask(endpoint)
        assert predictions.y_pred.tolist() == [[1, 1], [0, 0], [1, 1]]
        np.testing.assert_array_equal(predictions.y_prob[:, 0], np.array([0.75, np.nan, 0.75], np.float32))


@pytest.mark.parametrize("server", SERVERS)
def test_several_batches_are_under_way_at_a_time(server: str) -> None:
    with asked(server) as endpoint:
        endpoint.identity()
        sent = []
        while not endpoint.busy:
            sent.append(endpoint.send_batch(WINDOWS))
        assert len(sent) > 1
        for request in sent:
            np.testing.assert_array_equal(endpoint.receive_batch(request).y_prob, expected_scores())
        assert not endpoint.busy


def test_exact_values_are_told_where_the_server_gives_them() -> None:
    told = {}
    for server in SERVERS:
        with asked(server) as endpoint:
            endpoint.identity()
            told[server] = endpoint.provides.non_finite
    assert told == {
        "tensorflow-serving": "exact",
        "kserve-v1": "null",
        "triton": "exact",
        "mlserver": "null",
        "mlflow": "exact",
    }


ROWS = ("tensorflow-serving", "kserve-v1", "mlflow")
WRONG = {
    **{(server, "lost"): "answered 2 of 3 rows" for server in ROWS},
    **{(server, "two"): "answered 2 numbers for row 0; a model gives one score" for server in ROWS},
    **{(server, "text"): "answered 0.5 for row 0; a score is a number" for server in ROWS},
    **{
        (server, "ints"): "answered whole numbers (0, 0, …) in place of scores: labels, or scores that were cut off; a "
        "score is a number like 0.73"
        for server in ROWS
    },
    **{
        (server, fault): message
        for server in ("triton", "mlserver")
        for fault, message in {
            "lost": "answered the shape [2, 1] for 3 rows; it must be [3, 1]",
            "two": "answered the shape [3, 2] for 3 rows; it must be [3, 1]",
            "ints": "answered INT64: labels, or scores that were cut off; a score is FP32",
            "another-model": "answered for 'another': another model",
        }.items()
    },
    ("tensorflow-serving", "loading"): "Trip is not available: version 1 is LOADING",
    ("tensorflow-serving", "no-model"): "was refused with 404: Could not find any versions of model Trip",
    ("tensorflow-serving", "width"): "Trip takes rows of shape [4], and Trip has 3 numbers a row: is it another model?",
    ("tensorflow-serving", "outputs"): "Trip has 2 outputs, dense, more; name one with runtime.models.Trip.output",
    ("kserve-v1", "loading"): "says that Trip is not ready",
    ("kserve-v1", "no-model"): "was refused with 404: Could not find any versions of model Trip",
    ("triton", "loading"): "was refused with 400: Model version not ready",
    ("triton", "width"): "Trip takes rows of shape [4], and Trip has 3 numbers a row: is it another model?",
}


@pytest.mark.parametrize(
    ("server", "fault", "message"), [(*key, text) for key, text in WRONG.items()], ids=[" ".join(key) for key in WRONG]
)
def test_an_answer_that_is_wrong_is_one_line(server: str, fault: str, message: str) -> None:
    with asked(server, fault=fault) as endpoint, pytest.raises(BrokenRun) as caught:
        ask(endpoint)
    assert message in str(caught.value)
    assert str(caught.value).startswith("http://127.0.0.1:")
