"""The datasets of a finished run's models: those of the run, cut as the run cut them, or a line that says why not."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pytest_f07.errors import F07Error
from pytest_f07.results.reading.own_datasets import OwnDatasets
from pytest_f07.variant.paths import Project

WHERE = "executions/06_packaging/v601/datasets/v401__dataset.parquet"


def write_dataset(root: Path, labels: list[int]) -> str:
    path = root / WHERE
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"OW_events": [[1]] * len(labels), "label": pa.array(labels, pa.int8())}), path)
    return sha256(path.read_bytes()).hexdigest()


def document(record: dict[str, Any] | None) -> dict[str, Any]:
    return {"parent_variant": "v601", "models": {"a": {"model": record}}, "counts": {"rows": {"v401": 2, "v402": 9}}}


def test_a_dataset_has_the_rows_of_the_run(tmp_path: Path) -> None:
    record = {"dataset": "v401", "dataset_sha256": write_dataset(tmp_path, [0, 1, 1])}
    own = OwnDatasets(Project(tmp_path), "v701", document(record))
    assert own.owners == {"a": "v401"}
    assert own.open("v401").rows == 2
    write_dataset(tmp_path, [1, 1, 1])
    with pytest.raises(F07Error, match=rf"^{WHERE} has changed since the run of v701: its labels are not those that "):
        own.open("v401")


@pytest.mark.parametrize(
    "record", [None, {}, {"dataset": "../v401"}, {"dataset": "v499"}, {"dataset": ["v401"]}], ids=str
)
def test_a_run_that_did_not_record_its_datasets_is_named(tmp_path: Path, record: dict[str, Any] | None) -> None:
    with pytest.raises(F07Error, match=r"^v701 was run by a version that did not record each model's own dataset, so "):
        OwnDatasets(Project(tmp_path), "v701", document(record))
