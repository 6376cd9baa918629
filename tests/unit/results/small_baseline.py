"""Small complete runs of v701 for tests that compare a run with one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pytest_f07.results.comparison.flips import RunLog
from pytest_f07.results.formulas import Counts
from pytest_f07.results.metric_table import values
from pytest_f07.results.metrics import to_csv
from pytest_f07.variant.paths import Project

BASELINE_COUNTS = Counts(3, 5, 1, 1, 4, 2, 7)
# By dataset, each row's window and scores, a score for each model.
LogRows = Mapping[str, list[tuple[str, list[float]]]]


def metric_rows(names: list[str], counts: Counts) -> dict[str, dict[str, Any]]:
    """Return the same metrics for each model."""
    return {name: values(counts) for name in names}


def write_log(path: Path, names: list[str], log: LogRows) -> RunLog:
    """Write a log of several row groups."""
    rows = [
        {"window": window, "prediction_name": name, "y_pred": int(y_prob >= 0.5), "y_prob": y_prob}
        for windows in log.values()
        for window, scores in windows
        for name, y_prob in zip(names, scores, strict=True)
    ]
    schema = pa.schema(
        [("window", pa.string()), ("prediction_name", pa.string()), ("y_pred", pa.int8()), ("y_prob", pa.float32())]
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema), path, row_group_size=4)
    return RunLog(path, tuple(names), {dataset: len(windows) for dataset, windows in log.items()})


def write_baseline(root: Path, names: list[str], log: LogRows, missing_column: str = "") -> Project:
    """Write a complete run of v701.

    :param missing_column: a column that its metrics_per_model.csv lacks, as an older version's does.
    """
    project = Project(root)
    paths = project.variant("v701")
    rows = write_log(paths.predictions_parquet, names, log).rows
    paths.metrics.mkdir()
    metrics = [{"prediction_name": name, **row} for name, row in metric_rows(names, BASELINE_COUNTS).items()]
    paths.metrics_csv.write_bytes(
        to_csv([{key: value for key, value in row.items() if key != missing_column} for row in metrics])
    )
    document = {
        "parent_variant": "v601",
        "timestamp": "2026-02-15T21:43:59+00:00",
        "models": {name: {} for name in names},
        "counts": {"rows": rows},
    }
    paths.metadata.write_text(json.dumps(document))
    return project
