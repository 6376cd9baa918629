"""The plain client: one request after another, a row of the log for each prediction."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import requests


def replay(url: str, dataset: Path, batch_size: int, windows: int, logs: Path) -> int:
    """Send the first ``windows`` rows of a dataset and log every prediction as parquet and CSV; how many rows."""
    events = pq.read_table(dataset)["OW_events"].to_pylist()[:windows]
    rows: list[dict[str, Any]] = []
    for first in range(0, len(events), batch_size):
        answer = requests.post(f"{url}/infer_batch", json={"windows": events[first : first + batch_size]}, timeout=600)
        for number, result in enumerate(answer.json()["results"], start=first):
            for prediction in result["results"]:
                window = json.dumps(result["window"], separators=(",", ":"))
                rows.append({"window": window, **prediction, "dataset": dataset.stem, "row": number})
    pq.write_table(pa.Table.from_pylist(rows), logs / "plain.parquet")
    with (logs / "plain.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        for row in rows:
            writer.writerow(row)
    return len(events)
