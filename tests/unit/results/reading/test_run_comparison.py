"""A finished run compared with another one: what COMPARE= tells, without a new run."""

from __future__ import annotations

import json
import shutil
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from conftest import Checkout
from pytest_f07 import F07Error, read_run
from pytest_f07.results.reading.run_comparison import COLUMNS

LOG = "logs/raw_predictions.parquet"


def copy_run(checkout: Checkout, variant: str, flipped: int = 0) -> Path:
    """Copy the run of v701 to another variant, with the first predictions of each model and dataset flipped."""
    folder = Path(shutil.copytree(checkout.variant, checkout.variant.with_name(variant)))
    document = checkout.metadata() | {"variant": variant}
    table = pq.read_table(folder / LOG)
    y_pred = table["y_pred"].to_numpy() ^ (table["row"].to_numpy() < flipped)
    pq.write_table(table.set_column(2, table.schema.field(2), pa.array(y_pred.astype(np.int8))), folder / LOG)
    document["sha256"][LOG] = sha256((folder / LOG).read_bytes()).hexdigest()
    (folder / "07_deployrun_metadata.json").write_text(json.dumps(document))
    return folder


def test_the_same_predictions_are_no_change(checkout: Checkout) -> None:
    copy_run(checkout, "v700")
    run = read_run("v701", checkout.root)
    comparison = run.compare("v700")
    assert comparison.summary[0].startswith("against v700 of package v601: ")
    assert comparison.summary[0].endswith("; 0 flipped to right, 0 to wrong")
    assert comparison.notes == ()
    changes = comparison.changes
    assert list(changes.columns) == COLUMNS
    assert set(changes.prediction_name) == set(run.models)
    recall = changes[changes.metric == "recall"].set_index("prediction_name").now
    assert recall.to_dict() == pytest.approx(run.metrics.recall.to_dict())
    assert (changes.change == 0).all()


def test_flips_are_counted_and_a_fall_is_told(checkout: Checkout) -> None:
    copy_run(checkout, "v700", flipped=300)
    run = read_run("v701", checkout.root)
    comparison = run.compare("v700")
    changes = comparison.changes.set_index(["prediction_name", "metric"])
    for name in run.models:
        own = run.predictions(model=name, labels=True).dropna(subset="label")
        flipped = own[own.row < 300]
        right = int((flipped.y_pred == flipped.label).sum())
        accuracy = changes.loc[name, "accuracy"]
        assert (accuracy.to_right, accuracy.to_wrong) == (right, len(flipped) - right)
        assert accuracy.low < accuracy.change < accuracy.high
        assert accuracy.sentence.startswith("accuracy: ")
    assert str(changes.to_right.dtype) == "int64"
    assert comparison.document["against"]["variant"] == "v700"


def test_another_project_s_run_is_named_with_its_path(checkout: Checkout, tmp_path: Path) -> None:
    shutil.copytree(checkout.root, tmp_path / "other")
    comparison = read_run("v701", checkout.root).compare("../other:v701")
    assert comparison.summary[1].startswith("no row flipped, so each metric of these rows is the same")


REFUSED = {
    "itself": ("v701", "compare=v701 is the variant itself; name another one, or a revision of it (v701@HEAD)."),
    "no variant": (
        "701",
        "compare=701: name a run like v701, v701@REVISION or path/to/project:v701; a variant is 'v' and at ",
    ),
    "none there": ("v799", "compare=v799: there is no variant v799: "),
    "not complete": (
        "v702",
        "compare=v702: executions/07_deployrun/v702/07_deployrun_metadata.json: no such file, so ",
    ),
    "another log": (
        "v700",
        f"compare=v700: v700 is not as its run left it: executions/07_deployrun/v700/{LOG} has changed since ",
    ),
}


@pytest.mark.parametrize(("other", "message"), REFUSED.values(), ids=REFUSED)
def test_what_it_cannot_be_compared_with_is_named(checkout: Checkout, other: str, message: str) -> None:
    (checkout.variant.with_name("v702")).mkdir()
    (copy_run(checkout, "v700") / LOG).write_bytes(b"PAR1")
    with pytest.raises(F07Error) as caught:
        read_run("v701", checkout.root).compare(other)
    assert str(caught.value).startswith(message)
