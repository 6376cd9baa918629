"""Make DataFrames of what a run wrote; the first one imports pandas."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pytest_f07.results.metric_table import METRICS, Metric, count_text

if TYPE_CHECKING:
    import pandas as pd

OWN_CHECK = "own check"


def read_metrics(path: Path) -> dict[str, dict[str, float | None]]:
    """Return metrics_per_model.csv by prediction_name and metric, every digit as in the file.

    :returns: None for what cannot be had, and for a metric that an older version did not write.
    """
    with path.open(newline="", encoding="utf-8") as file:
        return {
            row["prediction_name"]: {metric.key: _value(metric, row) for metric in METRICS}
            for row in csv.DictReader(file)
        }


def _is_count(metric: Metric) -> bool:
    return metric.text is count_text


def _value(metric: Metric, row: Mapping[str, str]) -> float | None:
    text = row.get(metric.key, "")
    return (int(text) if _is_count(metric) else float(text)) if text else None


def metrics_frame(path: Path) -> pd.DataFrame:
    """Return metrics_per_model.csv by prediction_name: counts as Int64, ratios as float64."""
    import pandas as pd

    rows = read_metrics(path)
    columns = {
        metric.key: pd.array(
            [row[metric.key] for row in rows.values()], dtype="Int64" if _is_count(metric) else "float64"
        )
        for metric in METRICS
    }
    return pd.DataFrame(columns, index=pd.Index(rows, name="prediction_name"))


def failures_frame(document: Mapping[str, Any]) -> pd.DataFrame:
    """Return each failure of each model, then each own check that failed: prediction_name, code and message.

    :param document: the metadata. An own check is of no model: its prediction_name is missing.
    """
    import pandas as pd

    rows = [
        (name, failure["code"], failure["message"])
        for name, model in document["models"].items()
        for failure in model["failures"]
    ]
    tests = document.get("own_checks", {}).get("tests", {})
    rows += [
        (None, OWN_CHECK, f"{node_id}: {test.get('message', '')}")
        for node_id, test in tests.items()
        if test["outcome"] == "failed"
    ]
    return pd.DataFrame(rows, columns=["prediction_name", "code", "message"])


def predictions_frame(batches: Iterable[pa.RecordBatch]) -> pd.DataFrame:
    """Return record batches of the log as one frame; a label is Int8, missing where there is none."""
    import pandas as pd

    table = pa.Table.from_batches(batches)
    frame: pd.DataFrame = table.to_pandas()
    if "label" in table.column_names:
        frame["label"] = table["label"].to_pandas(types_mapper={pa.int8(): pd.Int8Dtype()}.get)
    return frame
