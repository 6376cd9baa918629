"""Make the demo package ``executions/06_packaging/v601`` again: ``make demo``.

Invented events of an invented plant, three models as F05 trains them (a bag of words, a masked embedding, a
convolution), saved by Keras 2 so that every supported version loads them. Seeds are fixed.
"""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import tensorflow as tf

PACKAGE = Path(__file__).parents[1] / "executions" / "06_packaging" / "v601"
MADE_AT = datetime(2026, 2, 15, 21, 43, 59, tzinfo=UTC).isoformat()
ROWS = 2600
CODES = np.arange(1, 41)
RARE = (90, 97, -3)  # seen after training: in no vocabulary
MAX_LEN = 12

Window = list[int]


def make_windows(random: np.random.Generator) -> list[Window]:
    """Windows of 0 to 20 codes, frequent codes first; about 3 % are empty, 4 % hold a rare code."""
    weights = 1 / np.arange(2, 42)
    windows = []
    for length in random.poisson(6, ROWS):
        window = random.choice(CODES, min(int(length), 20), p=weights / weights.sum()).tolist()
        if random.random() < 0.04:
            window.append(int(random.choice(RARE)))
        windows.append([] if random.random() < 0.03 else window)
    return windows


def overload(window: Window, noise: float) -> int:
    """Many starts (code 1) or an overcurrent (code 7) come before an overload."""
    return int(window.count(1) + 2 * window.count(7) + noise > 2.9)


def trip(window: Window, noise: float) -> int:
    """A voltage dip (code 3) or a ground fault (code 11) comes before a trip."""
    return int(2 * window.count(11) + window.count(3) - 0.3 * window.count(2) + noise > 1.9)


def bag_of_words(windows: list[Window], vocabulary: list[int]) -> Any:
    """F05's dense_bow."""
    return np.array([[window.count(code) for code in vocabulary] for window in windows], np.float32)


def sequences(windows: list[Window], vocabulary: list[int]) -> Any:
    """F05's sequence."""
    places = {code: place + 1 for place, code in enumerate(vocabulary)}
    padded = np.zeros((len(windows), MAX_LEN), np.int32)
    for row, window in enumerate(windows):
        known = [places[code] for code in window if code in places][-MAX_LEN:]
        if known:
            padded[row, -len(known) :] = known
    return padded


def network(family: str, width: int, vocabulary: list[int]) -> Any:
    """The three families as F05 builds them."""
    layers = tf.keras.layers
    first = {
        "dense_bow": [],
        "sequence_embedding": [
            layers.Embedding(len(vocabulary) + 1, 8, mask_zero=True),
            layers.GlobalAveragePooling1D(),
        ],
        "cnn1d": [
            layers.Embedding(len(vocabulary) + 1, 8),
            layers.Conv1D(16, 3, padding="same", activation="relu"),
            layers.GlobalMaxPooling1D(),
        ],
    }[family]
    head = [layers.Dense(16, activation="relu"), layers.Dense(1, activation="sigmoid")]
    return tf.keras.Sequential([layers.Input((width,)), *first, *head])


def make_model(
    source: str, parent: str, name: str, family: str, threshold: float, windows: list[Window], labels: list[int]
) -> dict[str, str]:
    """Train one model on the first 70 % of its dataset and save it as F06 packages it."""
    tf.keras.utils.set_random_seed(7)
    cut = int(0.7 * len(windows))
    vocabulary = sorted({code for window in windows[:cut] for code in window} - set(RARE))
    vectorize = bag_of_words if family == "dense_bow" else sequences
    x, y = vectorize(windows, vocabulary), np.array(labels, np.float32)
    model = network(family, x.shape[1], vocabulary)
    model.compile(optimizer=tf.keras.optimizers.Adam(0.01), loss="binary_crossentropy")
    model.fit(x[:cut], y[:cut], batch_size=64, epochs=12, verbose=0)
    told = model.predict(x[cut:], verbose=0)[:, 0] >= np.float32(threshold)
    true = y[cut:] == 1
    tp, fp, fn = int((told & true).sum()), int((told & ~true).sum()), int((~told & true).sum())
    tn = len(true) - tp - fp - fn
    made: dict[str, Any] = {"vocab": vocabulary, "vectorization": "dense_bow", "input_dim": len(vocabulary)}
    if family != "dense_bow":
        made = {"vocab": vocabulary, "vectorization": "sequence", "vocab_size": len(vocabulary), "max_len": MAX_LEN}
    folder = PACKAGE / "models" / f"{name}__{name}"
    folder.mkdir(parents=True)
    model.save(folder / "model.h5", include_optimizer=False)
    summary = {
        "phase": "05_modeling",
        "variant": source,
        "parent_variant": parent,
        "prediction_name": name,
        "model_family": family,
        "vectorization": made,
        "threshold": threshold,
        "split_sizes": {"train": cut, "test": len(windows) - cut},
        "imbalance_policy": {"config": {"strategy": "none"}},
        "test_metrics": {
            "precision": tp / max(tp + fp, 1),
            "recall": tp / max(tp + fn, 1),
            "f1": 2 * tp / max(2 * tp + fp + fn, 1),
            "confusion_matrix": [[tn, fp], [fn, tp]],
        },
        "generated_at": MADE_AT,
    }
    (folder / "model_summary.json").write_text(json.dumps(summary, indent=2) + "\n")
    return {"source_f05": source, "model_id": name, "prediction_name": name}


def write_dataset(variant: str, windows: list[Window], labels: list[int | None]) -> None:
    """One dataset as F04 writes it."""
    table = pa.table(
        {"OW_events": pa.array(windows, pa.list_(pa.int32())), "label": pa.array(labels, pa.int8())},
    )
    (PACKAGE / "datasets").mkdir(parents=True, exist_ok=True)
    pq.write_table(table, PACKAGE / "datasets" / f"{variant}__dataset.parquet", compression="zstd")


def main() -> None:
    """Make the whole package."""
    tf.config.experimental.enable_op_determinism()
    shutil.rmtree(PACKAGE, ignore_errors=True)
    random = np.random.default_rng(7)
    windows = make_windows(random)
    noise = random.normal(0, 0.35, ROWS)
    # The second dataset begins later and has only windows in which something known happened.
    early = windows[:2000]
    later = zip(windows[700:], noise[700:], strict=True)
    late = [(window, z) for window, z in later if set(window) & set(CODES.tolist())]
    overloads = [overload(window, z) for window, z in zip(early, noise, strict=False)]
    trips = [trip(window, z) for window, z in late]
    late_windows = [window for window, _ in late]
    write_dataset("v401", early, list(overloads))
    write_dataset("v402", late_windows, [None if row % 500 == 250 else label for row, label in enumerate(trips)])
    models = [
        make_model("v501", "v401", "feeder_overload", "dense_bow", 0.5, early, overloads),
        make_model("v502", "v402", "inverter_trip", "sequence_embedding", 0.4, late_windows, trips),
        make_model("v503", "v402", "inverter_trip.cnn", "cnn1d", 0.5, late_windows, trips),
    ]
    sources = [model["source_f05"] for model in models]
    metadata = {
        "stage": "06_packaging",
        "variant": "v601",
        "timestamp": MADE_AT,
        "params": {"parent_variants_f05": sources, "models": models},
        "parent_variants": sources,
    }
    (PACKAGE / "06_packaging_metadata.json").write_text(json.dumps(metadata, indent=2) + "\n")
    objectives = {"v401": {"prediction_name": "Feeder_Overload"}, "v402": {"prediction_name": "Inverter_Trip"}}
    (PACKAGE / "objectives.json").write_text(json.dumps(objectives, indent=2) + "\n")
    (PACKAGE / "params.yaml").write_text("parent_variants_f05:\n" + "".join(f"- {source}\n" for source in sources))


if __name__ == "__main__":
    main()
