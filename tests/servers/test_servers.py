"""Each server answers the demo's windows with the scores that Keras gives, and each fault that is planted is seen.

Asked with nothing but requests: what these servers are, before pytest-f07 validates them. ``make test-servers``.
"""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import requests

from tests.servers.asking import WAYS, path_of
from tests.servers.conftest import Question
from tests.servers.deployed import FAULTS, falsify
from tests.servers.running import KINDS, RunningServer, end, free_ports, serve
from tests.servers.serve_tensorflow_serving import text

Start = Callable[[str], RunningServer]


def assert_close(scores: Any, expected: np.ndarray, apart: float = 1e-6) -> None:
    """Assert that scores are as near as those of another batch, or of another TensorFlow, are to Keras's own."""
    np.testing.assert_allclose(np.array(scores, np.float32), expected, rtol=0, atol=apart)


@pytest.mark.parametrize("way", WAYS)
def test_every_model_answers_as_keras_does(way: str, start: Start, questions: list[Question]) -> None:
    kind, ask, _ = WAYS[way]
    server = start(kind)
    for question in questions:
        scores = np.array(ask(server, question.name, question.rows), np.float32)
        assert scores.shape == question.scores.shape
        assert_close(scores, question.scores)


@pytest.mark.parametrize("way", WAYS)
def test_not_a_number_is_told_in_the_way_of_each(way: str, start: Start, questions: list[Question]) -> None:
    kind, ask, told = WAYS[way]
    server, question = start(kind), questions[0]
    server.plant("nan")
    first, *others = ask(server, question.name, question.rows)
    assert json.dumps(first) == f"[{told}]"
    assert_close(others, question.scores[1:])


# What each fault makes of these scores, written down.
SCORES = [0.3, 0.9, 0.1, 0.7]
FALSE = {
    "none": SCORES,
    "off_by_one": [0.7, 0.3, 0.9, 0.1],
    "rows_swapped": [0.3, 0.1, 0.9, 0.7],
    "nan_as_number": SCORES,
    "nan": [np.nan, 0.9, 0.1, 0.7],
    "float16": [0.300048828125, 0.89990234375, 0.0999755859375, 0.7001953125],
    "ints": [0, 0, 0, 0],
    "model_swapped": SCORES,
}


def test_every_fault_is_written_down() -> None:
    assert set(FALSE) == set(FAULTS)


@pytest.mark.parametrize("fault", FALSE)
def test_a_fault_changes_a_batch(fault: str) -> None:
    scores = np.array(SCORES, np.float32)[:, None]
    np.testing.assert_array_equal(falsify(scores, fault), np.array(FALSE[fault], np.float32)[:, None])
    assert (falsify(scores, fault).dtype == np.int64) == (fault == "ints")


def test_a_score_that_is_not_a_number_becomes_one() -> None:
    np.testing.assert_array_equal(falsify(np.array([[np.nan], [0.5]], np.float32), "nan_as_number"), [[0], [0.5]])


# Those that change the demo's scores.
CHANGING = ("off_by_one", "rows_swapped", "float16", "ints")


@pytest.mark.parametrize("fault", CHANGING)
@pytest.mark.parametrize("way", WAYS)
def test_a_planted_fault_changes_the_answers(way: str, fault: str, start: Start, questions: list[Question]) -> None:
    kind, ask, _ = WAYS[way]
    server = start(kind)
    server.plant(fault)
    for question in questions:
        if fault == "rows_swapped":  # in every second batch
            assert_close(ask(server, question.name, question.rows), question.scores)
        scores = np.array(ask(server, question.name, question.rows), np.float32)
        # Scores on both sides of a rounding are one step of float16 apart.
        assert_close(scores, falsify(question.scores, fault), apart=1e-3 if fault == "float16" else 1e-6)
        assert np.abs(scores - question.scores).max() > 1e-5


@pytest.mark.parametrize("way", WAYS)
def test_a_model_answers_for_another(way: str, start: Start, questions: list[Question]) -> None:
    kind, ask, _ = WAYS[way]
    server = start(kind)
    server.plant("model_swapped")
    trip, cnn = (next(q for q in questions if q.name == name) for name in ("inverter_trip", "inverter_trip.cnn"))
    assert_close(ask(server, trip.name, trip.rows), cnn.scores)
    assert np.abs(trip.scores - cnn.scores).max() > 0.1


# -- what each answers where something is wrong: a status says little, and no two agree

UNKNOWN_MODEL = {
    "kserve": ("/v2/models/other/infer", "application/json"),
    "mlserver": ("/v2/models/other/infer", "application/json"),
    "triton": ("/v2/models/other/infer", "text/plain"),
    "tensorflow_serving": ("/v1/models/other:predict", "application/json"),
}


@pytest.mark.parametrize("kind", UNKNOWN_MODEL)
def test_another_model_is_refused(kind: str, start: Start) -> None:
    path, content_type = UNKNOWN_MODEL[kind]
    tensor = {"name": "x", "shape": [1, 1], "datatype": "INT32", "data": [1]}
    response = requests.post(start(kind).url + path, json={"inputs": [tensor]}, timeout=60)
    assert response.status_code == 404
    assert response.headers["Content-Type"].startswith(content_type)
    assert "error" in json.loads(response.content)


WRONG_SHAPE = {
    "kserve": ("/v1/models/{name}:predict", {"instances": [[1, 2, 3]]}, 500),
    "mlserver": (
        "/v2/models/{name}/infer",
        {"inputs": [{"name": "x", "shape": [1, 3], "datatype": "INT32", "data": [1, 2, 3]}]},
        500,
    ),
    "mlflow": ("/invocations", {"inputs": [[1, 2, 3]]}, 400),
    "triton": (
        "/v2/models/{name}/infer",
        {"inputs": [{"name": "x", "shape": [1, 3], "datatype": "INT32", "data": [1, 2, 3]}]},
        400,
    ),
    "tensorflow_serving": ("/v1/models/{name}:predict", {"instances": [[1, 2, 3]]}, 400),
}


@pytest.mark.parametrize("kind", WRONG_SHAPE)
def test_rows_of_another_width_are_refused(kind: str, start: Start) -> None:
    path, document, status = WRONG_SHAPE[kind]
    response = requests.post(path_of(start(kind), "inverter_trip", path), json=document, timeout=60)
    assert response.status_code == status, response.text[:300]


# -- the two that are written here, after what was documented and measured

NUMBERS = {
    1.0: "1.0",
    0.0: "0.0",
    0.1: "0.1",
    1 / 3: "0.33333334",
    1e-08: "1e-08",
    0.035613637: "0.035613637",
    float("nan"): "NaN",
    float("inf"): "Infinity",
    float("-inf"): "-Infinity",
}


@pytest.mark.parametrize(("number", "written"), NUMBERS.items(), ids=NUMBERS.values())
def test_tensorflow_serving_writes_float32_exactly(number: float, written: str) -> None:
    assert text(np.array([[number]], np.float32)) == f"[[{written}]]"
    np.testing.assert_array_equal(np.float32(json.loads(written)), np.float32(number))


BAD_REQUESTS = {
    "no JSON": (b"{", 400),
    "a list": (b"[1]", 400),
    "neither key": (b"{}", 400),
    "both keys": (b'{"instances": [[1]], "inputs": [[1]]}', 400),
    "ragged": (b'{"instances": [[1, 2], [1]]}', 400),
    "texts": (b'{"instances": [["1"]]}', 400),
    "floats for ints": (b'{"instances": [[1.5, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]]}', 400),
}


@pytest.mark.parametrize(("body", "status"), BAD_REQUESTS.values(), ids=BAD_REQUESTS)
def test_tensorflow_serving_refuses_with_an_error_in_json(body: bytes, status: int, start: Start) -> None:
    url = path_of(start("tensorflow_serving"), "inverter_trip", "/v1/models/{name}:predict")
    response = requests.post(url, data=body, timeout=60)
    assert response.status_code == status
    assert list(response.json()) == ["error"]


ROUTES = {
    "/v1/models/inverter_trip": 200,
    "/v1/models/inverter_trip/versions/1": 200,
    "/v1/models/inverter_trip/versions/9": 404,
    "/v1/models/inverter_trip/metadata": 200,
    "/v1/models/other": 404,
    "/v2/models/inverter_trip": 400,
}


@pytest.mark.parametrize(("path", "status"), ROUTES.items(), ids=ROUTES)
def test_tensorflow_serving_tells_its_status(path: str, status: int, start: Start) -> None:
    response = requests.get(start("tensorflow_serving").url + path, timeout=60)
    assert response.status_code == status
    if "versions/1" in path:
        assert response.json()["model_version_status"][0]["state"] == "AVAILABLE"


def test_the_pipeline_s_server_answers_labels_alone(start: Start, questions: list[Question]) -> None:
    server, first = start("pipeline"), questions[0]
    answer = requests.post(f"{server.url}/infer_batch", json={"windows": first.windows}, timeout=60).json()
    assert [row["window"] for row in answer["results"]] == first.windows
    labels = [
        [entry["y_pred"] for entry in row["results"] if entry["prediction_name"] == first.name]
        for row in answer["results"]
    ]
    assert labels == first.labels.tolist()
    entries = [entry for row in answer["results"] for entry in row["results"]]
    assert all(set(entry) == {"prediction_name", "y_pred"} for entry in entries)


PIPELINE = {
    "no windows": ("POST", "/infer_batch", {"windows": []}, 500),
    "no key": ("POST", "/infer_batch", {}, 500),
    "one window": ("POST", "/infer", {"window": [1]}, 404),
    "openapi": ("GET", "/openapi.json", None, 404),
}


@pytest.mark.parametrize(("method", "path", "body", "status"), PIPELINE.values(), ids=PIPELINE)
def test_the_pipeline_s_server_fails_in_html(method: str, path: str, body: object, status: int, start: Start) -> None:
    response = requests.request(method, start("pipeline").url + path, json=body, timeout=60)
    assert response.status_code == status
    assert response.headers["Content-Type"].startswith("text/html")


# -- starting and ending


def test_a_server_that_does_not_start_tells_why(tmp_path: Path) -> None:
    summary = tmp_path / "package" / "models" / "broken" / "model_summary.json"
    summary.parent.mkdir(parents=True)
    summary.write_text('{"prediction_name": "broken"}')
    with pytest.raises(AssertionError) as caught, serve("pipeline", tmp_path / "package", tmp_path):
        pass
    assert "pipeline ended with status 1:" in str(caught.value)
    assert "KeyError: 'vectorization'" in str(caught.value)


def test_a_server_ends_with_all_that_it_started() -> None:
    # Both ignore what asks them to end, and the child is in a session of its own.
    script = "trap '' TERM; setsid sleep 600 & echo started; wait"
    shell = subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE, start_new_session=True)
    assert shell.stdout is not None
    with shell.stdout:
        assert shell.stdout.readline() == b"started\n"
        (child,) = psutil.Process(shell.pid).children()
        end(shell, wait_s=0.2)
    assert shell.returncode == -signal.SIGKILL
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_free_ports_are_several() -> None:
    assert len(set(free_ports(5))) == 5


def test_every_kind_has_a_launcher() -> None:
    assert all((Path(__file__).parent / f"serve_{kind}.py").exists() for kind in KINDS)
