from __future__ import annotations

from pathlib import Path

import pytest

from pytest_f07.results.model_record import record_differences, record_model
from pytest_f07.variant.manifest import load
from pytest_f07.variant.paths import Project

REPOSITORY = Path(__file__).parents[3]
RECORD = {
    "sha256": "a",
    "threshold": 0.5,
    "vocabulary": "b",
    "keras": "2.15.0",
    "dataset": "v401",
    "dataset_sha256": "c",
}


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("sha256", "x", "another model file"),
        ("threshold", 0.51, "threshold 0.5 then, 0.51 now"),
        ("vocabulary", "x", "another vocabulary"),
        ("keras", "3.15.1", "saved by Keras 2.15.0 then, by 3.15.1 now"),
        ("dataset_sha256", "x", "another file of its own dataset"),
    ],
)
def test_each_change_is_named(key: str, value: object, text: str) -> None:
    assert record_differences(RECORD, {**RECORD, key: value}) == [text]


def test_the_same_model_has_no_differences_and_an_older_run_no_record() -> None:
    assert record_differences(RECORD, RECORD) == []
    assert record_differences(None, RECORD) == ["what the model was then is not recorded"]


def test_the_record_of_the_demo() -> None:
    manifest = load(Project(REPOSITORY), "v701")
    models = manifest.read_models()
    records = [record_model(model, manifest) for model in models]
    assert all(record.keys() == RECORD.keys() for record in records)
    assert len({record["sha256"] for record in records}) == 3
    files = manifest.files or {}
    assert {record["dataset_sha256"] for record in records} <= {file["sha256"] for file in files.values()}
