"""A package with many models and datasets: complete, and the same rows however many files hold them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.many import multiply
from benchmarks.workload import VARIANT
from pytest_f07.variant import manifest
from tests.unit.small_package import make_package


def test_a_package_has_so_many_models_and_datasets_and_always_the_same_rows(tmp_path: Path) -> None:
    package = make_package(tmp_path / "small").folder
    rows = []
    for datasets in (2, 6):
        root = tmp_path / f"{datasets}"
        loaded = manifest.load(multiply(package, root, 5, datasets, 12), VARIANT)
        models, files = loaded.read_models(), loaded.read_datasets(None)
        assert [model.prediction_name for model in models] == [f"model_{number:02}" for number in range(5)]
        assert [dataset.rows for dataset in files] == [12 // datasets] * datasets
        assert len({model.source_f04 for model in models}) == min(5, datasets)
        rows.append(pa.concat_tables([pq.read_table(path) for path in sorted(loaded.package.datasets.iterdir())]))
    assert rows[0].equals(rows[1])


@pytest.mark.parametrize("models", [1, 3])
def test_models_are_copies_in_turns(tmp_path: Path, models: int) -> None:
    package = make_package(tmp_path / "small")
    loaded = manifest.load(multiply(package.folder, tmp_path / "many", models, 1, 4), VARIANT)
    kinds = [model.vectorization.kind for model in loaded.read_models()]
    assert kinds == ["dense_bow", "sequence", "dense_bow"][:models]
