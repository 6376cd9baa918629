from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.packages import multiply
from benchmarks.workload import VARIANT
from pytest_f07.variant import manifest
from pytest_f07.variant.paths import Project
from tests.unit.small_package import make_package


def rows_of(project: Project) -> pa.Table:
    """Return all rows of a project's package, one dataset after the other."""
    files = sorted(manifest.load(project, VARIANT).package.datasets.glob("*.parquet"))
    return pa.concat_tables([pq.read_table(file) for file in files])


@pytest.mark.parametrize(("models", "datasets"), [(5, 2), (3, 3), (2, 4)])
def test_a_valid_package_has_as_many_models_rows_and_datasets(tmp_path: Path, models: int, datasets: int) -> None:
    source = make_package(tmp_path / "source").folder
    project = multiply(source, tmp_path / "many", models, 101, datasets)
    loaded = manifest.load(project, VARIANT)
    assert len({model.prediction_name for model in loaded.read_models()}) == models
    read = loaded.read_datasets(None)
    assert (len(read), sum(dataset.rows for dataset in read)) == (datasets, 101)
    assert max(dataset.rows for dataset in read) - min(dataset.rows for dataset in read) <= 1


def test_the_rows_are_the_same_however_many_datasets_hold_them(tmp_path: Path) -> None:
    source = make_package(tmp_path / "source").folder
    few, many = (multiply(source, tmp_path / f"{number}", 2, 64, number) for number in (1, 8))
    assert rows_of(few).equals(rows_of(many))
