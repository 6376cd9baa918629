"""What the oracle reads by itself: as the run reads it, though they share no code."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pytest_f07.oracle.package import BLOCK_ROWS, WindowReader, read_package
from pytest_f07.variant import manifest
from pytest_f07.variant.paths import Project
from pytest_f07.variant.seal import digest

REPOSITORY = Path(__file__).parents[3]


def test_the_demo_package_is_read_as_the_run_reads_it() -> None:
    path = REPOSITORY / "executions" / "07_deployrun" / "v701" / "manifest.json"
    ours, theirs = read_package(path), manifest.load(Project(REPOSITORY), "v701")
    assert [entry.prediction_name for entry in ours.models] == theirs.prediction_names
    for entry, model in zip(ours.models, theirs.read_models(), strict=True):
        made = model.vectorization
        assert (entry.kind, entry.vocabulary, entry.width) == (made.kind, made.vocabulary, made.width)
        assert entry.h5.samefile(model.h5)
        assert entry.describe() == {
            "threshold": model.threshold,
            "vocabulary": len(made.vocabulary),
            "sha256": digest(model.h5),
        }
    paths = {dataset.source_f04: dataset.path for dataset in theirs.read_datasets(None)}
    assert all(path.samefile(paths[name]) for name, path in ours.datasets.items())
    assert list(ours.datasets) == list(paths)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_paths_of_another_machine_and_accents_on_disk_are_no_matter(
    tmp_path: Path, form: Literal["NFC", "NFD"]
) -> None:
    name = "bater\u00eda"
    executions = tmp_path / "executions"
    folder = executions / "06_packaging" / "v601" / "models" / unicodedata.normalize(form, f"{name}__m")
    folder.mkdir(parents=True)
    vectorization = {"vectorization": "sequence", "vocab": [7, 3], "max_len": 5}
    (folder / "model_summary.json").write_text(json.dumps({"vectorization": vectorization}))
    path = executions / "07_deployrun" / "v701" / "manifest.json"
    path.parent.mkdir(parents=True)
    model = {"prediction_name": name, "model_dir": f"/home/somebody/models/{name}__m"}
    dataset = {"dataset_path": "/home/somebody/v401__dataset.parquet"}
    path.write_text(json.dumps({"f06_variant": "v601", "models": [model], "datasets": [dataset]}))
    package = read_package(path)
    [entry] = package.models
    assert entry.h5 == folder / "model.h5"
    assert (entry.threshold, entry.vocabulary, entry.width) == (0.5, (7, 3), 5)
    assert package.datasets == {"v401": executions / "06_packaging" / "v601" / "datasets" / "v401__dataset.parquet"}


@pytest.fixture
def parquet(tmp_path: Path) -> Path:
    """Row r holds the window [r]; its row groups are no multiple of what is read at a time."""
    table = pa.table({"OW_events": pa.array([[row] for row in range(2 * BLOCK_ROWS + 300)])})
    pq.write_table(table, tmp_path / "v401__dataset.parquet", row_group_size=5000)
    return tmp_path / "v401__dataset.parquet"


def test_rows_are_found_by_their_number_again_and_again(parquet: Path) -> None:
    reader = WindowReader(parquet)
    for wanted in ([0, 1, 4095, 4096, 5000, 8491], [8490], [3, 4999], [], list(range(4000, 6000))):
        assert reader.windows(wanted) == [[row] for row in wanted]
