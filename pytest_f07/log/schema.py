"""The columns of the prediction log, and its text of a window (contract, "Out")."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

LOG_ROW_GROUP_ROWS = 65_536
SCHEMA = pa.schema(
    [
        pa.field("window", pa.large_string(), nullable=False),
        pa.field("prediction_name", pa.string(), nullable=False),
        pa.field("y_pred", pa.int8(), nullable=False),
        pa.field("y_prob", pa.float32(), nullable=False),
        pa.field("dataset", pa.string(), nullable=False),
        pa.field("row", pa.int64(), nullable=False),
    ]
)


def log_schema(has_scores: bool) -> pa.Schema:
    """Return the columns of a log; where the server gives labels alone, y_prob is null."""
    place = SCHEMA.get_field_index("y_prob")
    return SCHEMA if has_scores else SCHEMA.set(place, SCHEMA.field(place).with_nullable(True))


def window_text(windows: pa.Array) -> pa.Array:
    """Return each window of a list array as compact JSON text, ``[1,5,2]`` or ``[]``: a string array."""
    offsets = windows.offsets
    start, end = offsets[0].as_py(), offsets[-1].as_py()
    texts = windows.values.slice(start, end - start).cast(pa.string())
    lists = pa.ListArray.from_arrays(pc.subtract(offsets, offsets[0]).cast(pa.int32()), texts)
    return pc.binary_join_element_wise("[", pc.binary_join(lists, ","), "]", "")
