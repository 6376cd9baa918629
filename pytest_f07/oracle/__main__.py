"""``python -m pytest_f07.oracle executions/07_deployrun/v701/manifest.json``: answer for a manifest's models.

A line on standard input is a query, ``{"prediction_name": "a", "rows": [0, 7]}``; the rows ascend.
A line on standard output is its answer, ``{"y_prob": [0.25, null]}``. The process ends when its standard input closes.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import TextIO

import pyarrow as pa

from pytest_f07.errors import F07Error
from pytest_f07.variant import manifest
from pytest_f07.variant.dataset import X_COLUMN, Dataset
from pytest_f07.variant.interpreter import hide_optional_modules
from pytest_f07.variant.paths import Project

BLOCK_ROWS = 4096


def main() -> int:
    """Load the models and answer queries; return 2 after one line for a user's mistake."""
    queries = _read_queries()
    # Keep what TensorFlow prints out of the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    # The replay goes first on a busy machine.
    os.nice(10)
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="2", KERAS_BACKEND="tensorflow")
    os.environ.pop("TF_USE_LEGACY_KERAS", None)
    hide_optional_modules()
    try:
        path = Path(sys.argv[1]).resolve()
        project = Project.of_manifest(path)
        if project is None:
            raise F07Error(f"{path}: is not a manifest; it lies at executions/07_deployrun/<variant>/manifest.json.")
        _answer(manifest.load(project, path.parent.name), queries, answers)
    except F07Error as error:
        print(f"ERROR: {error}", file=sys.stderr, flush=True)
        return 2
    return 0


def _answer(variant_manifest: manifest.Manifest, queries: SimpleQueue[bytes], answers: TextIO) -> None:
    models = {model.prediction_name: model for model in variant_manifest.read_models()}
    # What can be refused is refused before TensorFlow is there.
    from pytest_f07.oracle.models import Oracle

    oracles = {name: Oracle(model) for name, model in models.items()}
    rows = {dataset.source_f04: Rows(dataset) for dataset in variant_manifest.read_datasets(None)}
    while True:
        query = json.loads(queries.get())
        name = query["prediction_name"]
        windows = rows[models[name].source_f04].windows(query["rows"])
        print(json.dumps({"y_prob": oracles[name].scores(windows)}), file=answers, flush=True)


class Rows:
    """The windows of a dataset by row number; with ascending rows the file is read once, in small blocks."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._restart()

    def _restart(self) -> None:
        self._blocks: Iterator[pa.RecordBatch] = self._dataset.blocks([X_COLUMN], BLOCK_ROWS)
        self._first_row = 0
        self._block: pa.Array = pa.array([])

    def windows(self, rows: Sequence[int]) -> list[list[int]]:
        """Return the windows of ``rows``, which ascend."""
        if rows and rows[0] < self._first_row:
            self._restart()
        windows = []
        for row in rows:
            while row >= self._first_row + len(self._block):
                self._first_row += len(self._block)
                self._block = next(self._blocks).column(0)
            windows.append(self._block[row - self._first_row].as_py())
        return windows


def _read_queries() -> SimpleQueue[bytes]:
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
