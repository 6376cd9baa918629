"""What the oracle needs of a variant, read by itself from manifest.json, model_summary.json and the parquet files.

The run has checked all of them before; here only the last name of a path counts, and it is looked for in the package.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pyarrow as pa
import pyarrow.parquet as pq

BLOCK_ROWS = 4096


@dataclass(frozen=True)
class ModelEntry:
    """A model of the manifest and what its summary says.

    :param width: columns of its input.
    """

    prediction_name: str
    h5: Path
    threshold: float
    kind: str
    vocabulary: tuple[int, ...]
    width: int

    def describe(self) -> dict[str, object]:
        """Return what the run holds against what the server and itself have read."""
        return {
            "threshold": self.threshold,
            "vocabulary": len(self.vocabulary),
            "sha256": hashlib.sha256(self.h5.read_bytes()).hexdigest(),
        }


@dataclass(frozen=True)
class Package:
    """The models in the manifest's order, and the parquet file of each dataset."""

    models: tuple[ModelEntry, ...]
    datasets: dict[str, Path]


def read_package(manifest: Path) -> Package:
    """Return what manifest.json lists.

    :param manifest: ``executions/07_deployrun/<variant>/manifest.json``.
    """
    document = json.loads(manifest.read_text("utf-8"))
    folder = manifest.parents[2] / "06_packaging" / document["f06_variant"]
    models = tuple(_read_model(folder / "models", entry) for entry in document["models"])
    datasets = {}
    for entry in document["datasets"]:
        name = PurePosixPath(entry["dataset_path"]).name
        datasets[name.removesuffix("__dataset.parquet")] = folder / "datasets" / name
    return Package(models, datasets)


def _read_model(models: Path, entry: dict[str, str]) -> ModelEntry:
    name = unicodedata.normalize("NFC", PurePosixPath(entry["model_dir"]).name)
    [folder] = [path for path in models.iterdir() if unicodedata.normalize("NFC", path.name) == name]
    summary = json.loads((folder / "model_summary.json").read_text("utf-8"))
    vectorization, threshold = summary["vectorization"], summary.get("threshold")
    vocabulary = tuple(vectorization["vocab"])
    is_bag = vectorization["vectorization"] == "dense_bow"
    return ModelEntry(
        prediction_name=unicodedata.normalize("NFC", entry["prediction_name"]),
        h5=folder / "model.h5",
        threshold=0.5 if threshold is None else threshold,
        kind=vectorization["vectorization"],
        vocabulary=vocabulary,
        width=len(vocabulary) if is_bag else vectorization["max_len"],
    )


class WindowReader:
    """A dataset's windows by row number; asked in ascending order, the file is read once and held in small pieces."""

    def __init__(self, parquet: Path) -> None:
        self._parquet = parquet
        self._restart()

    def _restart(self) -> None:
        self._blocks = self._read_blocks()
        self._first_row = 0
        self._block: pa.Array = pa.array([])

    def _read_blocks(self) -> Iterator[pa.Array]:
        with pq.ParquetFile(self._parquet) as file:
            for batch in file.iter_batches(BLOCK_ROWS, columns=["OW_events"]):
                yield batch.column(0)

    def windows(self, rows: list[int]) -> list[list[int]]:
        """Return the windows of ``rows``, which ascend."""
        if rows and rows[0] < self._first_row:
            self._restart()
        windows = []
        for row in rows:
            while row >= self._first_row + len(self._block):
                self._first_row += len(self._block)
                self._block = next(self._blocks)
            windows.append(self._block[row - self._first_row].as_py())
        return windows
