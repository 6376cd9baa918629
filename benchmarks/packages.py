"""Packages with many models and many datasets: copies of a package's models, the same windows in more files."""

from __future__ import annotations

import json
import shutil
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from benchmarks.workload import draw, project_of
from pytest_f07.variant.paths import Project


def multiply(package: Path, root: Path, models: int, rows: int, datasets: int) -> Project:
    """Return a project whose package has copies of the models of ``package`` in turn, each under a name of its own.

    Every dataset with a model of its own has one at least, where there are as many models.

    :param rows: in all datasets together; the same windows and labels, however many datasets there are.
    """
    copied = root / "executions" / "06_packaging" / package.name
    shutil.copytree(package, copied, ignore=shutil.ignore_patterns("models", "datasets"))
    (copied / "datasets").mkdir()
    table = draw(pq.read_table(min(package.glob("datasets/*.parquet"))), rows, np.random.default_rng(0))
    names = [f"v{401 + number}" for number in range(datasets)]
    for number, name in enumerate(names):
        first, end = (rows * place // datasets for place in (number, number + 1))
        pq.write_table(table.slice(first, end - first), copied / "datasets" / f"{name}__dataset.parquet")
    entries: list[dict[str, str]] = []
    objectives: dict[str, dict[str, str]] = {}
    sources = islice(cycle(sorted((package / "models").iterdir())), models)
    for number, (source, dataset) in enumerate(zip(sources, cycle(names), strict=False)):
        summary = json.loads((source / "model_summary.json").read_text(encoding="utf-8"))
        name, variant = f"{summary['prediction_name']}.{number:02d}", f"v{501 + number}"
        folder = copied / "models" / f"{name}__{name}"
        shutil.copytree(source, folder)
        summary.update(prediction_name=name, variant=variant, parent_variant=dataset)
        (folder / "model_summary.json").write_text(json.dumps(summary), encoding="utf-8")
        entries.append({"source_f05": variant, "model_id": name, "prediction_name": name})
        objectives.setdefault(dataset, {"prediction_name": name})
    metadata = copied / "06_packaging_metadata.json"
    document = json.loads(metadata.read_text(encoding="utf-8"))
    document["params"]["models"] = entries
    metadata.write_text(json.dumps(document), encoding="utf-8")
    (copied / "objectives.json").write_text(json.dumps(objectives), encoding="utf-8")
    return project_of(package, root)
