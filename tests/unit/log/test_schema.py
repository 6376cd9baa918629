from __future__ import annotations

from pytest_f07.log.schema import SCHEMA


def test_the_columns_are_those_of_the_contract() -> None:
    assert {field.name: str(field.type) for field in SCHEMA} == {
        "window": "large_string",
        "prediction_name": "string",
        "y_pred": "int8",
        "y_prob": "float",
        "dataset": "string",
        "row": "int64",
    }
    assert not any(field.nullable for field in SCHEMA)
