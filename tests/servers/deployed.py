"""The models that a server under test serves, and the faults that can be planted in their answers.

Every launcher imports this module, in the environment of its own server. The fault is what the file ``fault`` in the
server's working directory says, read at each request: starting a server takes seconds, planting a fault none.
"""

from __future__ import annotations

import argparse
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from pytest_f07.variant.keras_file import loadable

FAULT_FILE = Path("fault")
# What a fault does to an answer; "none" is the server as it is.
FAULTS = {
    "none": "the scores as Keras gives them",
    "off_by_one": "every row has the score of the row before it",
    "rows_swapped": "in every second batch of each model the lowest and the highest score are swapped",
    "nan_as_number": "a score that is not a number is answered as 0",
    "nan": "the first score of each batch is not a number",
    "float16": "the scores were computed with half the digits",
    "ints": "the scores are truncated to integers",
    "model_swapped": "a model is answered by another with the same input",
}


class Deployed:
    """One model, as a server knows it: a name, an input, a function from rows to scores.

    :param folder: below ``models/`` of a package.
    """

    def __init__(self, folder: Path) -> None:
        summary = json.loads((folder / "model_summary.json").read_text())
        vectorization = summary["vectorization"]
        self.name: str = summary["prediction_name"]
        self.threshold: float = summary["threshold"]
        self.vocabulary: list[int] = vectorization["vocab"]
        self.is_sequence = vectorization["vectorization"] == "sequence"
        self.width: int = vectorization["max_len" if self.is_sequence else "input_dim"]
        self.dtype = np.dtype(np.int32 if self.is_sequence else np.float32)
        import tensorflow as tf

        with loadable(folder / "model.h5") as file:
            self.network = network = tf.keras.models.load_model(file, compile=False)
        signature = tf.TensorSpec([None, self.width], self.dtype)
        self._compute = tf.function(lambda rows: network(rows, training=False), input_signature=[signature])
        self._compute(np.zeros([1, self.width], self.dtype))
        self._others = [self]
        self._planted, self._batches = (0, "none"), 0
        self._lock = threading.Lock()

    def meet(self, models: list[Deployed]) -> None:
        """Take note of the models with the same input, which the fault ``model_swapped`` lets answer."""
        self._others = [model for model in models if (model.width, model.dtype) == (self.width, self.dtype)]

    def score(self, rows: Any) -> np.ndarray:
        """Return the scores of rows of the model's input, ``[rows, 1]``; float32, but for the fault ``ints``."""
        rows = np.asarray(rows, self.dtype).reshape(-1, self.width)
        with self._lock:
            planted = (FAULT_FILE.stat().st_mtime_ns, FAULT_FILE.read_text())
            if planted != self._planted:
                self._planted, self._batches = planted, 0
            self._batches += len(rows) > 1
            is_second = self._batches % 2 == 0 and len(rows) > 1
        answering = self
        if planted[1] == "model_swapped":
            answering = self._others[(self._others.index(self) + 1) % len(self._others)]
        scores = answering._keras(rows)
        return scores if planted[1] == "rows_swapped" and not is_second else falsify(scores, planted[1])

    def _keras(self, rows: np.ndarray) -> np.ndarray:
        scores: np.ndarray = self._compute(rows).numpy().astype(np.float32)
        return scores


def falsify(scores: np.ndarray, fault: str) -> np.ndarray:
    """Return the scores of a batch as a fault changes them; those that change no scores leave them."""
    scores = scores.copy()
    match fault:
        case "off_by_one":
            return np.roll(scores, 1, axis=0)
        case "rows_swapped":
            low, high = scores.argmin(), scores.argmax()
            scores[[low, high]] = scores[[high, low]]
        case "nan_as_number":
            scores[np.isnan(scores)] = 0
        case "nan":
            scores[0] = np.nan
        case "float16":
            return scores.astype(np.float16).astype(np.float32)
        case "ints":
            return scores.astype(np.int64)
    return scores


def load(package: Path) -> list[Deployed]:
    """Load all models of a package, in the order of their names."""
    models = [Deployed(path.parent) for path in package.glob("models/*/model_summary.json")]
    models.sort(key=lambda model: model.name)
    for model in models:
        model.meet(models)
    return models


def vectorize(model: Deployed, windows: list[list[int]]) -> np.ndarray:
    """Make a model's input of windows, in plain Python: F05's rule, written down once more."""
    rows = np.zeros([len(windows), model.width], model.dtype)
    places = {code: place for place, code in enumerate(model.vocabulary)}
    for row, window in zip(rows, windows, strict=True):
        known = [places[code] for code in window if code in places]
        if model.is_sequence:
            known = known[-model.width :]
            row[model.width - len(known) :] = [place + 1 for place in known]
        else:
            np.add.at(row, known, 1)
    return rows


def read_arguments() -> argparse.Namespace:
    """Read a launcher's command line: the package's folder, and the ports in the server's order."""
    parser = argparse.ArgumentParser()
    parser.add_argument("package", type=Path)
    parser.add_argument("ports", type=int, nargs="+")
    return parser.parse_args()


def prediction_names(package: Path) -> Iterator[str]:
    """Yield the names of a package's models, sorted, without loading any."""
    summaries = package.glob("models/*/model_summary.json")
    yield from sorted(json.loads(path.read_text())["prediction_name"] for path in summaries)
