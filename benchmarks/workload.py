"""What is replayed: a package with as many windows as asked for, as a project of its own in a temporary folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pytest_f07.results.metric_table import LIMITS
from pytest_f07.variant.create import create_variant
from pytest_f07.variant.paths import Project

VARIANT = "v701"
ROW_GROUP = 131_072


def project_of(package: Path, root: Path) -> Project:
    """Return a project that holds a copy of ``package`` and a variant of it, on any free port."""
    copied = root / "executions" / "06_packaging" / package.name
    if not copied.exists():
        shutil.copytree(package, copied)
    project = Project(root)
    create_variant(project, VARIANT, package.name, {"port": 0}, LIMITS)
    return project


def enlarge(package: Path, root: Path, windows: int, distinct: int | None = None) -> Project:
    """Return a project whose package has the models of ``package`` and ``windows`` windows in equally many datasets.

    Lengths and codes are drawn from each dataset's own, so the windows are as long and as odd as the real ones and,
    but for the shortest, distinct; labels are drawn at the dataset's own rate.

    :param distinct: draw only so many windows and repeat them: memory for distinct windows then stays the same.
    """
    copied = root / "executions" / "06_packaging" / package.name
    shutil.copytree(package, copied)
    datasets = sorted(copied.glob("datasets/*.parquet"))
    for number, path in enumerate(datasets):
        rows, drawn = windows // len(datasets), (distinct or windows) // len(datasets)
        table = draw(pq.read_table(path), drawn, np.random.default_rng(number))
        with pq.ParquetWriter(path, table.schema) as writer:
            for first in range(0, rows, drawn):
                writer.write_table(table.slice(0, min(drawn, rows - first)), row_group_size=ROW_GROUP)
    return project_of(package, root)


def draw(table: pa.Table, rows: int, rng: np.random.Generator) -> pa.Table:
    """Return a table of so many rows, drawn as long and as odd as the rows of another."""
    events = table["OW_events"].combine_chunks()
    lengths = rng.choice(np.diff(events.offsets.to_numpy()), rows)
    codes = rng.choice(events.flatten().to_numpy(), int(lengths.sum()))
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    labels = rng.choice(table["label"].drop_null().to_numpy(), rows)
    drawn = pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), pa.array(codes, events.type.value_type))
    return pa.table({"OW_events": drawn, "label": pa.array(labels, table["label"].type)})
