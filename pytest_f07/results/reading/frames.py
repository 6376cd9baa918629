"""Make DataFrames of what a run wrote; the first one imports pandas."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pytest_f07.results.metric_table import METRICS, Metric

if TYPE_CHECKING:
    import pandas as pd


def metrics_frame(path: Path) -> pd.DataFrame:
    """Return metrics_per_model.csv by prediction_name: counts as Int64, ratios as float64, every digit as in the file.

    A metric that an older version did not write is missing in each row.
    """
    import pandas as pd

    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    index = pd.Index([row["prediction_name"] for row in rows], name="prediction_name")
    columns = {metric.key: _column(metric, [row.get(metric.key, "") for row in rows]) for metric in METRICS}
    return pd.DataFrame(columns, index=index)


def _column(metric: Metric, texts: Iterable[str]) -> Any:
    """Return one column as an array of pandas."""
    import pandas as pd

    if metric.is_count:
        return pd.array([int(text) if text else None for text in texts], dtype="Int64")
    return pd.array([float(text) if text else None for text in texts], dtype="float64")


def failures_frame(models: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Return each failure of each model: prediction_name, code and message.

    :param models: what the metadata say of each model.
    """
    import pandas as pd

    rows = [
        (name, failure["code"], failure["message"]) for name, model in models.items() for failure in model["failures"]
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
