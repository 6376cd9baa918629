"""The columns of the prediction log (contract, "Out")."""

from __future__ import annotations

import pyarrow as pa

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
