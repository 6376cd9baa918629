from __future__ import annotations

import json

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_f07.log.schema import SCHEMA, window_text

quick = settings(derandomize=True, deadline=None)
CODES = st.lists(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=4), max_size=6)


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


@pytest.mark.parametrize("kind", [pa.list_(pa.int64()), pa.large_list(pa.int64())])
@quick
@given(CODES, st.integers(0, 6), st.integers(0, 6))
def test_windows_are_compact_json_also_of_a_slice(
    kind: pa.DataType, windows: list[list[int]], start: int, length: int
) -> None:
    texts = window_text(pa.array(windows, kind).slice(start, length)).to_pylist()
    assert texts == [json.dumps(window, separators=(",", ":")) for window in windows[start : start + length]]
