"""Packages with many models or many datasets: where a run's fixed costs for each of them show."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.workload import draw, project_of
from pytest_f07.variant.paths import PackagePaths, Project


def multiply(package: Path, root: Path, models: int, datasets: int, rows: int) -> Project:
    """Return a project whose package has so many models and datasets; the same rows, however many files hold them.

    Models are copies of the package's, in turns, each with a dataset of its own where there are enough. Rows are drawn
    from the package's datasets as :func:`~benchmarks.workload.enlarge` draws them.

    :param rows: of all datasets together; a multiple of ``datasets``.
    """
    copied = PackagePaths(root / "executions" / "06_packaging" / package.name)
    shutil.copytree(package, copied.folder)
    sources = _write_datasets(copied, datasets, rows)
    _write_models(copied, models, sources)
    return project_of(package, root)


def _write_datasets(package: PackagePaths, datasets: int, rows: int) -> list[str]:
    """Replace the package's datasets, and return the new ones' names."""
    paths = sorted(package.datasets.glob("*.parquet"))
    # Each source gives as many rows, so that a dataset is a slice of one table whatever their number.
    shares = np.diff(np.linspace(0, rows, len(paths) + 1).astype(int))
    tables = [
        draw(pq.read_table(path), int(share), np.random.default_rng(number))
        for number, (path, share) in enumerate(zip(paths, shares, strict=True))
    ]
    kinds = tables[0].schema
    table = pa.concat_tables([each.cast(kinds) for each in tables])
    for path in paths:
        path.unlink()
    names = [f"v{401 + number}" for number in range(datasets)]
    size = rows // datasets
    for number, name in enumerate(names):
        pq.write_table(table.slice(number * size, size), package.dataset(name))
    return names


def _write_models(package: PackagePaths, models: int, sources: list[str]) -> None:
    """Replace the package's models by copies of them, and its list of models."""
    document = json.loads(package.metadata.read_text())
    originals = [
        package.model_folder(f"{entry['prediction_name']}__{entry['model_id']}")
        for entry in document["params"]["models"]
    ]
    entries = []
    for number in range(models):
        entry = {"source_f05": f"v{501 + number}", "model_id": "m", "prediction_name": f"model_{number:02}"}
        folder = package.model_folder(f"{entry['prediction_name']}__m")
        shutil.copytree(originals[number % len(originals)], folder)
        summary = json.loads((folder / "model_summary.json").read_text())
        summary |= {
            "prediction_name": entry["prediction_name"],
            "variant": entry["source_f05"],
            "parent_variant": sources[number % len(sources)],
        }
        (folder / "model_summary.json").write_text(json.dumps(summary))
        entries.append(entry)
    for folder in originals:
        shutil.rmtree(folder)
    document["params"] |= {"models": entries, "parent_variants_f05": [entry["source_f05"] for entry in entries]}
    document["parent_variants"] = document["params"]["parent_variants_f05"]
    package.metadata.write_text(json.dumps(document))
