"""A complete F06 package of a few kilobytes, written without TensorFlow, for tests that change one part of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pytest_f07.results.metric_table import LIMITS
from pytest_f07.run.declaration import load
from pytest_f07.run.prepare import Prepared, prepare
from pytest_f07.run.reserve import reserve
from pytest_f07.variant.create import create_variant
from pytest_f07.variant.paths import PackagePaths, Project

# Two models, one name the beginning of the other; their own datasets; a third dataset without a model.
ENTRIES = [
    {"source_f05": "v501", "model_id": "m1", "prediction_name": "a"},
    {"source_f05": "v502", "model_id": "m2", "prediction_name": "a__b"},
]
BAG: dict[str, Any] = {"vectorization": "dense_bow", "vocab": [1, -5, 2**40], "input_dim": 3}
SEQUENCE: dict[str, Any] = {"vectorization": "sequence", "vocab": [1, 2, 3, 4], "vocab_size": 4, "max_len": 6}


def layer(kind: object, **config: Any) -> dict[str, Any]:
    """Return a layer as ``model_config`` describes it."""
    return {"class_name": kind, "config": config}


def network(width: int | None, *layers: dict[str, Any]) -> dict[str, Any]:
    """Return a ``model_config`` as Keras 2 writes it."""
    first = layer("InputLayer", batch_input_shape=[None, width], name="input_1")
    return {"class_name": "Sequential", "config": {"layers": [first, *layers, layer("Dense", units=1)]}}


def write_h5(path: Path, config: object, version: str | None = "2.15.0") -> None:
    """Write a model file.

    :param config: the ``model_config``; a str or bytes is written as it is.
    """
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = config if isinstance(config, str | bytes) else json.dumps(config)
        if version is not None:
            file.attrs["keras_version"] = version
        file["model_weights/dense/kernel:0"] = np.ones((3, 1), np.float32)


def write_dataset(
    path: Path, windows: object, labels: object, x_type: pa.DataType | None = None, y_type: pa.DataType | None = None
) -> None:
    """Write a dataset with one more column than F07 reads."""
    x = pa.array(windows, x_type or pa.list_(pa.int64()))
    y = pa.array(labels, y_type or pa.int8())
    pq.write_table(pa.table({"window_id": pa.array(range(len(x))), "OW_events": x, "label": y}), path)


def edit(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change a JSON file in place."""
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def make_package(root: Path, name: str = "v601") -> PackagePaths:
    """Write a valid package, whose documents name paths of another machine as real ones do."""
    package = Project(root).package(name)
    package.datasets.mkdir(parents=True)
    kinds = {"a": (BAG, network(3)), "a__b": (SEQUENCE, network(6, layer("Embedding", input_dim=5)))}
    for entry, source in zip(ENTRIES, ("v402", "v401"), strict=True):
        vectorization, config = kinds[entry["prediction_name"]]
        folder = package.model_folder(f"{entry['prediction_name']}__{entry['model_id']}")
        folder.mkdir(parents=True)
        summary = {
            "prediction_name": entry["prediction_name"],
            "variant": entry["source_f05"],
            "parent_variant": source,
            "threshold": 0.5,
            "vectorization": vectorization,
            "model_path": "/home/somebody/else/model.h5",
        }
        (folder / "model_summary.json").write_text(json.dumps(summary))
        write_h5(folder / "model.h5", config)
    for source in ("v401", "v402", "v400"):
        first = [3, 4] if source == "v400" else [1, 2]  # so that each code of a vocabulary occurs
        write_dataset(package.dataset(source), [first, [], [2**40, -5]], [1, 0, None])
    metadata = {"stage": "06_packaging", "f06_path": "/elsewhere/v601", "params": {"models": ENTRIES}}
    package.metadata.write_text(json.dumps(metadata))
    return package


def make_project(root: Path) -> Project:
    """Make a project with this package and v701 of it, at any free port."""
    make_package(root)
    project = Project(root)
    create_variant(project, "v701", "v601", {"port": 0}, LIMITS)
    return project


def prepare_variant(project: Project, compare_with: str | None = None) -> Prepared:
    """Check v701, as a run does before it begins."""
    return prepare(reserve(*load(project, "v701")), compare_with)


def overwrite(path: Path, place: float, damage: bytes) -> None:
    """Overwrite some bytes of a file.

    :param place: from 0, the file's beginning, to 1, its end.
    """
    content = bytearray(path.read_bytes())
    start = int(place * (len(content) - len(damage)))
    content[start : start + len(damage)] = damage
    path.write_bytes(content)


def tree(root: Path) -> dict[str, bytes | None]:
    """Return the content of every file below ``root`` by path; None for a folder and a link."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes() if path.is_file() and not path.is_symlink() else None
        for path in sorted(root.rglob("*"))
    }
