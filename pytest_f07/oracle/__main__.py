"""``python -m pytest_f07.oracle executions/07_deployrun/v701/manifest.json``: answer for a manifest's models.

TensorFlow is imported at once, and no file of the package opened before a first line on standard input, whatever it is.
The first line on standard output is what was read then: ``{"a": {"threshold": 0.5, "vocabulary": 6, "sha256": "…"}}``.
A line on standard input asks about rows of datasets, ascending in each: ``{"rows": {"v401": [0, 7], "v402": [3]}}``;
or about windows that no dataset holds: ``{"windows": [[1, 5], []]}``. A line on standard output answers with a number
of bytes, and so many follow: float32, little-endian, ``[windows, models]``, NaN where a score is no number. The process
ends when its standard input closes.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from pytest_f07.errors import F07Error
from pytest_f07.oracle.package import Package, WindowReader, read_package
from pytest_f07.oracle.vectorize import vectorize
from pytest_f07.variant import model_file
from pytest_f07.variant.interpreter import hide_optional_modules

if TYPE_CHECKING:
    from pytest_f07.oracle.models import OracleModel


def main() -> int:
    """Load the models and answer questions; return 2 after one line for a user's mistake."""
    questions = _read_questions()
    # Keep what TensorFlow prints out of the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    # The replay goes first on a busy machine.
    os.nice(10)
    # Without oneDNN: its fused kernels, which the server uses, can turn NaN into a number.
    os.environ.update(TF_ENABLE_ONEDNN_OPTS="0", TF_CPP_MIN_LOG_LEVEL="2", KERAS_BACKEND="tensorflow")
    os.environ.pop("TF_USE_LEGACY_KERAS", None)
    hide_optional_modules()
    # The run is checked meanwhile.
    from pytest_f07.oracle.models import OracleModel

    questions.get()
    try:
        package = read_package(Path(sys.argv[1]).resolve())
        for entry in package.models:
            folder = entry.h5.parent
            where = f"package {folder.parents[1].name}: models/{folder.name}/{entry.h5.name}"
            model_file.inspect(entry.h5, where)
        described = {entry.prediction_name: entry.describe() for entry in package.models}
        _write(answers, json.dumps(described).encode() + b"\n")
        models = [OracleModel(entry) for entry in package.models]
        _answer(package, models, questions, answers)
    except F07Error as error:
        print(f"ERROR: {error}", file=sys.stderr, flush=True)
        return 2
    return 0


def _answer(package: Package, models: Sequence[OracleModel], questions: SimpleQueue[bytes], answers: BinaryIO) -> None:
    readers = {name: WindowReader(path) for name, path in package.datasets.items()}
    while True:
        question = json.loads(questions.get())
        if (windows := question.get("windows")) is None:
            windows = [window for name, rows in question["rows"].items() for window in readers[name].windows(rows)]
        scores = np.zeros((len(windows), len(models)), "<f4")
        inputs = {}
        for column, (entry, model) in enumerate(zip(package.models, models, strict=True)):
            kind = entry.kind, entry.vocabulary, entry.width
            if kind not in inputs:
                inputs[kind] = vectorize(windows, *kind)
            scores[:, column] = model.scores(inputs[kind])
        _write(answers, f"{scores.nbytes}\n".encode() + scores.tobytes())


def _write(answers: BinaryIO, answer: bytes) -> None:
    answers.write(answer)
    answers.flush()


def _read_questions() -> SimpleQueue[bytes]:
    """Return the lines of standard input as they come; end the process when it closes."""
    lines: SimpleQueue[bytes] = SimpleQueue()

    def read() -> None:
        # Not through sys.stdin: its lock, held here, would be in the way of an end.
        rest = b""
        while piece := os.read(0, 65_536):
            *complete, rest = (rest + piece).split(b"\n")
            for line in complete:
                lines.put(line)
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    return lines


if __name__ == "__main__":
    sys.exit(main())
