"""The oracle's scores of tiny models, whose weights are written here: what Keras says, and where it has no number.

One process of its own answers for all of them, since TensorFlow takes seconds to import.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys

import pytest

from conftest import REPOSITORY

# Without oneDNN, whose fused kernels can turn NaN into a number.
ENVIRONMENT = {"TF_ENABLE_ONEDNN_OPTS": "0", "TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}
SCRIPT = """
import json
import math
import sys
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import tensorflow as tf
from pytest_f07.oracle.models import OracleModel
from pytest_f07.oracle.vectorize import vectorize

layers = tf.keras.layers
VOCABULARY, WIDTH = (1, -5), 2


def save(name, network, weights, written_by=None):
    path = Path(sys.argv[1], name, "model.h5")
    path.parent.mkdir()
    network.set_weights([np.array(values, np.float32) for values in weights])
    network.save(path)
    if written_by:
        with h5py.File(path, "r+") as file:
            file.attrs["keras_version"] = written_by
    return path


def ask(path, kind, windows):
    model = OracleModel(SimpleNamespace(h5=path))
    scores = model.scores(vectorize(windows, kind, VOCABULARY, WIDTH))
    quick_scores = model.quick_scores(vectorize(windows, kind, VOCABULARY, WIDTH))
    np.testing.assert_allclose(quick_scores, scores, atol=1e-6)
    return [None if math.isnan(score) else score for score in scores.tolist()]


def dense(activation):
    return tf.keras.Sequential([layers.Input((2,)), layers.Dense(1, activation=activation)])


nan, inf = float("nan"), float("inf")
windows = [[1, 1, -5], [], [7], [-5]]
weights = [[[0.5], [-2.0]], [0.25]]
path = save("bag", dense("sigmoid"), weights)
answers = {"bag": ask(path, "dense_bow", windows), "none": ask(path, "dense_bow", [])}
answers["many"] = ask(path, "dense_bow", [[1] * (index % 7) for index in range(5000)])
path = save("hard", dense("hard_sigmoid"), weights, "2.15.0")
answers["hard_sigmoid of Keras 2"] = ask(path, "dense_bow", windows)

# finite weights, and a score that float32 does not hold
path = save("overflow", dense("linear"), [[[3e38], [0.0]], [0.0]])
answers["overflow"] = ask(path, "dense_bow", windows)

# relu makes 0 of -inf, so that the score itself looks like a number
hidden = tf.keras.Sequential([layers.Input((2,)), layers.Dense(1, activation="relu"), layers.Dense(1)])
for name, value in (("nan", nan), ("inf", inf), ("-inf", -inf)):
    path = save(name, hidden, [[[1.0], [1.0]], [value], [[1.0]], [0.5]])
    answers[f"{name} among the weights"] = ask(path, "dense_bow", windows)

# a mean of the codes that are not masked, of which the last window has none
sequence = tf.keras.Sequential([
    layers.Input((2,)), layers.Embedding(3, 1, mask_zero=True), layers.GlobalAveragePooling1D(), layers.Dense(1),
])
path = save("mean", sequence, [[[9.0], [1.0], [3.0]], [[2.0]], [0.5]])
answers["mean of codes"] = ask(path, "sequence", [[1, -5], [1], [1, 1, -5, 7], []])
print("ANSWERS", json.dumps(answers))
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[float | None]]:
    command = [sys.executable, "-c", SCRIPT, str(tmp_path_factory.mktemp("models"))]
    environment = {**os.environ, **ENVIRONMENT, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    scores: dict[str, list[float | None]] = json.loads(done.stdout.rpartition("ANSWERS ")[2])
    return scores


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def hard_sigmoid(x: float) -> float:
    return min(max(0.2 * x + 0.5, 0), 1)


# of the windows [1, 1, -5], [], [7], [-5]: 0.5 for each 1, -2 for each -5, and 0.25
SUMS = [-0.75, 0.25, 0.25, -1.75]
SCORES: dict[str, list[float | None]] = {
    "bag": [sigmoid(x) for x in SUMS],
    "hard_sigmoid of Keras 2": [hard_sigmoid(x) for x in SUMS],
    "none": [],
    "many": [sigmoid(0.5 * (index % 7) + 0.25) for index in range(5000)],
    "overflow": [None, 0, 0, 0],
    "nan among the weights": [None] * 4,
    "inf among the weights": [None] * 4,
    "-inf among the weights": [None] * 4,
    "mean of codes": [2 * 2 + 0.5, 2 * 1 + 0.5, 2 * 2 + 0.5, None],
}


@pytest.mark.parametrize(("case", "scores"), SCORES.items(), ids=SCORES)
def test_a_score_is_what_the_weights_make_of_the_window_or_none(
    answers: dict[str, list[float | None]], case: str, scores: list[float | None]
) -> None:
    assert len(answers[case]) == len(scores)
    for answer, score in zip(answers[case], scores, strict=True):
        assert answer is None if score is None else answer == pytest.approx(score, abs=1e-6)
