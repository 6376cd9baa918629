"""Test the models of a server: what Keras says of a file that it cannot load, and what they answer."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
from pytest_f07.server.models import reason
print(reason(ValueError("short\\n  one")))
print(reason(TypeError("Dense could not be deserialized. " + "config " * 200 + "Exception encountered: unknown key x")))
"""


def test_the_end_of_a_long_message_stays() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    short, long = done.stdout.splitlines()
    assert short == "short one"
    assert long.startswith("Dense could not be deserialized. config")
    assert " … " in long
    assert long.endswith("config Exception encountered: unknown key x")
    assert len(long) < 600


RECURRENT = """
import keras
import numpy as np
from pytest_f07.server.models import LoadedModel, Runtime, one_thread_each
from pytest_f07.vectorize import Vectorization
from pytest_f07.variant.package import Model
from pytest_f07.windows import Windows
from pathlib import Path

one_thread_each()
codes = tuple(range(1, 10))
loaded = []
for layer in (keras.layers.LSTM(4), keras.layers.GRU(4), keras.layers.SimpleRNN(4)):
    inputs = keras.Input((6,), dtype="int32")
    hidden = layer(keras.layers.Embedding(10, 3, mask_zero=True)(inputs))
    network = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(hidden))
    made = Model(layer.name, "v501", "v401", Path(), 0.5, Vectorization("sequence", codes, 6), "2.15.0", {})
    loaded.append(LoadedModel(made, network, "", (), False))
runtime = Runtime(loaded)
rows = np.random.default_rng(0).integers(1, 10, (50, 4))
windows = Windows(rows.ravel(), np.arange(51) * 4)
answers = runtime.predict(windows)
for model, scores in zip(loaded, answers.y_prob.T):
    expected = model.network.predict_on_batch(runtime.inputs(windows)[0]).ravel()
    print(np.abs(scores - expected).max() < 1e-6, len(set(scores.tolist())) > 40)
"""


def test_networks_with_loops_answer_as_keras_does() -> None:
    """The executor that the server uses cannot run a loop in the form that TensorFlow gives it by default."""
    done = subprocess.run([sys.executable, "-c", RECURRENT], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["True True"] * 3, done.stderr
