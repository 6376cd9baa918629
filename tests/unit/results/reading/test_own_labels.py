"""Each prediction's label: that of its row in the model's own dataset, and none in any other."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pytest_f07.results.reading.own_labels import OwnLabels
from pytest_f07.variant.dataset import Dataset

LABELS: dict[str, list[int | None]] = {"v401": [0, 1, None, 1], "v402": [1, 0, 0]}
OWNERS = {"b": "v402", "a": "v401", "c": "v402"}


def test_labels_are_those_of_the_own_dataset_alone(tmp_path: Path) -> None:
    opened = []

    def open_dataset(name: str) -> Dataset:
        opened.append(name)
        path = tmp_path / f"{name}.parquet"
        labels = pa.array(LABELS[name], pa.float64())
        pq.write_table(pa.table({"OW_events": [[1]] * len(labels), "label": labels}), path, row_group_size=2)
        return Dataset.open(name, path, name)

    sizes = {"v401": 4, "v402": 3, "v403": 1}
    rows: list[tuple[str, str, int]] = [
        (name, dataset, row) for dataset, size in sizes.items() for row in range(size) for name in OWNERS
    ]
    own_labels, labels = OwnLabels(OWNERS, open_dataset), []
    for first in range(0, len(rows), 4):
        part = [pa.array(values) for values in zip(*rows[first : first + 4], strict=True)]
        batch = pa.record_batch(part, ["prediction_name", "dataset", "row"])
        labels += own_labels.take(batch).to_pylist()
    assert labels == [LABELS[dataset][row] if OWNERS[name] == dataset else None for name, dataset, row in rows]
    assert opened == ["v401", "v402"]
