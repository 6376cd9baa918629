"""The reader of the second count: windows and labels as they stand in the files, however they are cut."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pytest_f07.results import recount_files
from pytest_f07.results.recount_files import LOG_COLUMNS, Log, WindowTexts, dataset_blocks, log_rows

WINDOWS = [[1, 2], [], [2**63 - 1, -5], [1, 2], list(range(40)), [1], [2]]
TEXTS = [str(window).replace(" ", "") for window in WINDOWS]
LABELS = [1.0, None, 0.0, float("nan"), 1.0, 0.0, 0.0]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    table = pa.table({"label": pa.array(LABELS, pa.float64()), "OW_events": pa.array(WINDOWS, pa.list_(pa.int64()))})
    pq.write_table(table, tmp_path / "dataset.parquet", row_group_size=3)
    return tmp_path / "dataset.parquet"


@pytest.mark.parametrize("models", [1, 10_000, 1_000_000])
@pytest.mark.parametrize("limit", [None, 100, 7, 6, 4, 3, 1])
def test_the_first_rows_of_a_dataset_are_read_whole(path: Path, limit: int | None, models: int) -> None:
    blocks = list(dataset_blocks(path, WindowTexts(), limit, models))
    assert [text for texts, _ in blocks for text in texts] == TEXTS[:limit]
    assert [label for _, labels in blocks for label in labels] == [1.0, None, 0.0, None, 1.0, 0.0, 0.0][:limit]
    assert all(len(texts) <= max(1, recount_files.BATCH_ROWS // models) for texts, _ in blocks)


@pytest.mark.parametrize("kept", [0, 1, 3, 1000])
@pytest.mark.parametrize("kind", [pa.uint8(), pa.int32(), pa.uint64()])
def test_texts_do_not_depend_on_what_is_kept(monkeypatch: pytest.MonkeyPatch, kept: int, kind: pa.DataType) -> None:
    monkeypatch.setattr(recount_files, "KEPT_CODES", kept)
    windows, texts = [[1, 2], [3], [], [1, 2], [3], [2, 1], [1, 2]], WindowTexts()
    between_others = pa.array([[8], *windows, [9]], pa.large_list(kind))[1:-1]
    for _ in range(2):
        assert texts.of(between_others) == ["[1,2]", "[3]", "[]", "[1,2]", "[3]", "[2,1]", "[1,2]"]
        assert sum(len(codes) // 8 for codes in texts) <= max(kept, 2)


def test_a_log_is_taken_as_many_rows_at_a_time_as_asked_for(tmp_path: Path) -> None:
    rows = [(f"[{row}]", "a", row % 2, None if row == 3 else row / 4, "v401", row) for row in range(20)]
    (tmp_path / "log").mkdir()
    for number, part in enumerate((rows[:7], rows[7:])):
        columns = dict(zip(LOG_COLUMNS, map(list, zip(*part, strict=True)), strict=True))
        pq.write_table(pa.table(columns), tmp_path / "log" / f"part-{number}.parquet", row_group_size=5)
    assert list(log_rows(tmp_path / "log")) == rows
    log, taken = Log(tmp_path / "log"), list[object]()
    for wanted in (1, 0, 9, 4, 9):
        part = list(zip(*log.take(wanted), strict=True))
        assert len(part) == min(wanted, len(rows) - len(taken))
        taken += part
    assert taken == rows
    assert not any(log.take(1))
