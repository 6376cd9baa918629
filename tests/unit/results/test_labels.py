from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pytest_f07.results.labels import count_label_differences
from pytest_f07.variant.dataset import Dataset


def write(path: Path, labels: list[int | None], group: int) -> Dataset:
    table = pa.table({"OW_events": [[1]] * len(labels), "label": pa.array(labels, pa.int8())})
    pq.write_table(table, path, row_group_size=group)
    return Dataset.open("v401", path, "v401")


@pytest.mark.parametrize(("group_then", "group_now"), [(100, 100), (7, 100), (100, 7), (3, 5)])
def test_rows_that_are_labelled_otherwise_are_counted(tmp_path: Path, group_then: int, group_now: int) -> None:
    random = np.random.default_rng(0)
    then, now = [[(0, 1, None)[place] for place in row] for row in random.integers(0, 3, (2, 90))]
    expected = sum(before != after for before, after in zip(then[:80], now, strict=False))
    earlier = write(tmp_path / "then", then[:80], group_then)
    assert count_label_differences(earlier, write(tmp_path / "now", now, group_now)) == expected > 0
    assert count_label_differences(earlier, earlier) == 0
