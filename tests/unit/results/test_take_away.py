from __future__ import annotations

import base64
import csv
import io
import json

from pytest_f07.results.audit import ModelAudit
from pytest_f07.results.metrics import Metrics
from pytest_f07.results.take_away import metrics_links
from pytest_f07.results.verdict import Failure, Verdict

JUDGED = Verdict("a", Metrics("a", 3, 4, 1, 2), audit=ModelAudit())
BROKEN = Verdict("batería", failures=[Failure("F07-BROKEN", "no")])


def test_both_files_read_back_as_the_runs_metrics() -> None:
    links = metrics_links("v701", "failed", [JUDGED, BROKEN])
    files = {name: base64.b64decode(uri.split(";base64,")[1]).decode() for name, uri in links.items()}
    [row] = csv.DictReader(io.StringIO(files["v701_metrics.csv"]))
    assert (row["prediction_name"], row["TP"], float(row["precision"])) == ("a", "3", 0.75)
    document = json.loads(files["v701_metrics.json"])
    assert (document["variant"], document["outcome"]) == ("v701", "failed")
    assert document["models"]["a"]["metrics"]["recall"] == 0.6
    assert document["models"]["batería"] == {"failures": [{"code": "F07-BROKEN", "sentence": "no"}], "metrics": None}


def test_a_run_without_metrics_has_nothing_to_take_away() -> None:
    assert metrics_links("v701", "failed", [BROKEN]) == {}
