"""Put a run's metrics into links that need no other file: as CSV, and as JSON with what failed."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence

from pytest_f07.results.metrics import by_name, to_csv
from pytest_f07.results.verdict import Verdict


def metrics_links(variant: str, outcome: str, verdicts: Sequence[Verdict]) -> dict[str, str]:
    """Return a data URI by the name of the file that a browser saves it as; nothing where there are no metrics."""
    rows = [row for verdict in verdicts if (row := verdict.row())]
    if not rows:
        return {}
    metrics = by_name(rows)
    models = {
        verdict.prediction_name: {
            "failures": [vars(failure) for failure in verdict.failures],
            "metrics": metrics.get(verdict.prediction_name),
        }
        for verdict in verdicts
    }
    document = {"variant": variant, "outcome": outcome, "models": models}
    text = json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False)
    return {
        f"{variant}_metrics.csv": _data_uri("text/csv", to_csv(rows)),
        f"{variant}_metrics.json": _data_uri("application/json", text.encode()),
    }


def _data_uri(kind: str, content: bytes) -> str:
    return f"data:{kind};charset=utf-8;base64,{base64.b64encode(content).decode()}"
