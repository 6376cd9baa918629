"""What becomes of the files' values in a DataFrame: integers stay integers, digits stay, what is missing is missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from pytest_f07.results.formulas import Counts
from pytest_f07.results.metric_table import METRICS, values
from pytest_f07.results.metrics import to_csv
from pytest_f07.results.reading.frames import failures_frame, metrics_frame, predictions_frame

COUNTS = Counts(tp=3, tn=5, fp=1, fn=1, no_ref_pred_1=4, no_ref_pred_0=2, non_finite=7)
LABELS_ALONE = Counts(tp=3, tn=5, fp=1, fn=1, no_ref_pred_1=4, no_ref_pred_0=2, non_finite=None)


def write(path: Path, *rows: dict[str, object]) -> Path:
    path.write_bytes(to_csv([{"prediction_name": f"m{number}", **row} for number, row in enumerate(rows)]))
    return path


def test_metrics_are_those_of_the_table_with_every_digit(tmp_path: Path) -> None:
    frame = metrics_frame(write(tmp_path / "m.csv", values(COUNTS), values(LABELS_ALONE)))
    assert list(frame.columns) == [metric.key for metric in METRICS]
    assert frame.index.tolist() == ["m0", "m1"]
    for metric in METRICS:
        kind = "Int64" if isinstance(values(COUNTS)[metric.key], int) else "float64"
        assert frame[metric.key].dtype == kind, metric.key
    assert frame.loc["m0"].to_dict() == values(COUNTS)
    assert frame.loc["m1", "non_finite"] is pd.NA


def test_a_metric_that_an_older_version_did_not_write_is_missing(tmp_path: Path) -> None:
    row = {key: value for key, value in values(COUNTS).items() if key not in ("mcc", "non_finite")}
    frame = metrics_frame(write(tmp_path / "m.csv", row))
    assert frame.loc["m0", ["mcc", "non_finite"]].isna().all()
    assert frame.loc["m0", "TP"] == 3


def test_names_that_look_like_something_else_stay_names(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_bytes(to_csv([{"prediction_name": name, **values(COUNTS)} for name in ("NA", "007", "true")]))
    assert metrics_frame(path).index.tolist() == ["NA", "007", "true"]


@pytest.mark.parametrize("y_prob", [[0.25, float("nan")], [None, None]])
def test_predictions_keep_their_types(y_prob: list[float | None]) -> None:
    batch = pa.record_batch(
        [pa.array(["[1]", "[]"]), pa.array([1, 0], pa.int8()), pa.array(y_prob, pa.float32()), pa.array([1, None])],
        ["window", "y_pred", "y_prob", "label"],
    )
    batch = pa.RecordBatch.from_arrays([*batch.columns[:3], batch.column(3).cast(pa.int8())], names=batch.schema.names)
    frame = predictions_frame([batch])
    assert [str(kind) for kind in frame.dtypes[1:]] == ["int8", "float32", "Int8"]
    assert frame.window.tolist() == ["[1]", "[]"]
    np.testing.assert_array_equal(frame.y_prob, np.array([value or np.nan for value in y_prob], np.float32))
    assert frame.label.tolist() == [1, pd.NA]


def test_failures_without_any_have_their_columns() -> None:
    frame = failures_frame({"models": {"a": {"failures": []}}})
    assert (list(frame.columns), len(frame)) == (["prediction_name", "code", "message"], 0)


def test_own_checks_that_failed_are_failures_of_no_model() -> None:
    tests = {
        "t.py::test_a": {"outcome": "failed", "message": "assert 1 == 2"},
        "t.py::test_b": {"outcome": "passed"},
    }
    failures = [{"code": "F07-INFER", "message": "no."}]
    frame = failures_frame({"models": {"a": {"failures": failures}}, "own_checks": {"tests": tests}})
    assert frame.prediction_name.fillna("").tolist() == ["a", ""]
    assert frame[["code", "message"]].values.tolist() == [
        ["F07-INFER", "no."],
        ["own check", "t.py::test_a: assert 1 == 2"],
    ]
