"""Make later variants of a package, to see what a comparison says of them.

python tools/make_later_variants.py executions/06_packaging/v601 ge_active_power_any-to-80_100 v611 v612 v613 v614

makes four packages beside the first: the model's threshold is 0.01 higher; one label of its dataset is flipped; the
model is trained again on the same rows; and on the first half of them.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

SEED = 20260215
EPOCHS = 12


def copy_package(package: Path, name: str) -> Path:
    """Return a copy of the package beside it."""
    target = package.with_name(name)
    shutil.copytree(package, target)
    metadata = target / "06_packaging_metadata.json"
    document = json.loads(metadata.read_text(encoding="utf-8"))
    metadata.write_text(json.dumps({**document, "variant": name}, indent=2) + "\n", encoding="utf-8")
    return target


def summary_path(package: Path, prediction_name: str) -> Path:
    """Return the model_summary.json of a model."""
    for path in sorted(package.glob("models/*/model_summary.json")):
        if json.loads(path.read_text(encoding="utf-8"))["prediction_name"] == prediction_name:
            return path
    raise SystemExit(f"{package}: has no model {prediction_name}")


def move_threshold(package: Path, prediction_name: str, by: float = 0.01) -> None:
    """Raise the threshold of a model."""
    path = summary_path(package, prediction_name)
    summary = json.loads(path.read_text(encoding="utf-8"))
    summary["threshold"] = round(summary.get("threshold", 0.5) + by, 6)
    path.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")


def dataset_path(package: Path, prediction_name: str) -> Path:
    """Return the own dataset of a model."""
    summary = json.loads(summary_path(package, prediction_name).read_text(encoding="utf-8"))
    return package / "datasets" / f"{summary['parent_variant']}__dataset.parquet"


def flip_label(package: Path, prediction_name: str) -> int:
    """Flip the label in the middle of a model's own dataset, and return its row."""
    path = dataset_path(package, prediction_name)
    table = pq.read_table(path)
    labels = table["label"].to_pylist()
    row = len(labels) // 2
    labels[row] = 1 - int(labels[row] or 0)
    column = table.schema.get_field_index("label")
    pq.write_table(table.set_column(column, table.schema.field(column), [pa.array(labels, table["label"].type)]), path)
    return row


def train_again(package: Path, prediction_name: str, share: float = 1.0) -> None:
    """Train a model again from new weights on the first share of its rows, with as many labelled 0 as F05 kept."""
    import tensorflow as tf

    summary = json.loads(summary_path(package, prediction_name).read_text(encoding="utf-8"))
    table = pq.read_table(dataset_path(package, prediction_name), columns=["OW_events", "label"])
    table = table.slice(0, int(len(table) * share))
    labels = np.array(table["label"].to_pylist(), np.float32)
    random = np.random.default_rng(SEED)
    kept = (summary.get("imbalance_policy") or {}).get("sampler_info", {}).get("n_neg_after")
    zeros = np.flatnonzero(labels == 0)
    zeros = random.choice(zeros, min(len(zeros), int(kept * share) if kept else len(zeros)), replace=False)
    rows = random.permutation(np.concatenate([np.flatnonzero(labels == 1), zeros]))
    windows = table["OW_events"].take(pa.array(rows)).to_pylist()
    path = summary_path(package, prediction_name).with_name("model.h5")
    tf.keras.utils.set_random_seed(SEED)
    old = tf.keras.models.load_model(path, compile=False)
    model = tf.keras.models.clone_model(old)
    model.compile(tf.keras.optimizers.Adam(0.001), "binary_crossentropy")
    model.fit(vectorize(windows, summary["vectorization"]), labels[rows], batch_size=64, epochs=EPOCHS, verbose=0)
    model.save(path)


def vectorize(windows: list[list[int]], vectorization: dict[str, Any]) -> Any:
    """Return a model's input as F05 makes it."""
    vocabulary = vectorization["vocab"]
    if vectorization["vectorization"] == "dense_bow":
        return np.array([[window.count(code) for code in vocabulary] for window in windows], np.float32)
    places = {code: place + 1 for place, code in enumerate(vocabulary)}
    padded = np.zeros((len(windows), vectorization["max_len"]), np.int32)
    for row, window in enumerate(windows):
        known = [places[code] for code in window if code in places][-vectorization["max_len"] :]
        if known:
            padded[row, -len(known) :] = known
    return padded


def main(package: Path, prediction_name: str, names: list[str]) -> None:
    """Make the four packages."""
    threshold, label, again, half = (copy_package(package, name) for name in names)
    move_threshold(threshold, prediction_name)
    row = flip_label(label, prediction_name)
    train_again(again, prediction_name)
    train_again(half, prediction_name, 0.5)
    print(
        f"{names[0]}: threshold 0.01 higher; {names[1]}: label of row {row:,} flipped; {names[2]}: trained again; "
        f"{names[3]}: trained on half of the rows"
    )


if __name__ == "__main__":
    if len(sys.argv) != 7:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
