"""Test the raw predictions: two files with the same rows for any batches, which exist only when they are complete."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_f07.log import writer
from pytest_f07.log.writer import PredictionLog
from pytest_f07.windows import BatchResult, Predictions

quick = settings(derandomize=True, deadline=None, max_examples=60)
NAMES = ("trip", "trip__b")
COLUMNS = ["window", "prediction_name", "y_pred", "y_prob", "dataset", "row"]
CODES = st.integers(-(2**63), 2**63 - 1)
WINDOWS = st.lists(st.lists(CODES, max_size=4), max_size=9)


def make_batch(source_f04: str, first_row: int, windows: pa.Array) -> BatchResult:
    """Return a batch whose scores depend on the row alone, one in five of them not a number."""
    rows = np.arange(first_row, first_row + len(windows))
    y_prob = np.stack([rows / np.float32(7) % 1, rows / np.float32(3) % 1], axis=1).astype(np.float32)
    y_prob[rows % 5 == 4, 0] = np.nan
    predictions = Predictions(NAMES, (y_prob >= np.float32(0.5)).astype(np.int8), y_prob)
    return BatchResult(source_f04, first_row, windows, predictions)


def cut_batches(datasets: dict[str, pa.Array], sizes: list[int]) -> list[BatchResult]:
    """Return all rows of all datasets in batches of these sizes, over and over."""
    batches: list[BatchResult] = []
    for source_f04, windows in datasets.items():
        first_row = 0
        while first_row < len(windows):
            part = windows.slice(first_row, sizes[len(batches) % len(sizes)])
            batches.append(make_batch(source_f04, first_row, part))
            first_row += len(part)
    return batches


def write_log(folder: Path, datasets: dict[str, pa.Array], sizes: list[int]) -> tuple[Path, Path]:
    """Write the log of these datasets, and return both files."""
    paths = folder / "raw.parquet", folder / "raw.csv"
    with PredictionLog(*paths, NAMES) as log:
        for batch in cut_batches(datasets, sizes):
            log.add(batch)
    assert {path.name for path in folder.iterdir()} == {"raw.parquet", "raw.csv"}
    return paths


def list_array(*windows: list[int]) -> pa.Array:
    """Return windows as an Arrow array."""
    return pa.array(windows, pa.list_(pa.int64()))


def test_rows_stand_by_dataset_row_and_model_in_both_files(tmp_path: Path) -> None:
    datasets = {"v402": list_array([1, 5, 2], []), "v401": list_array([-7])}
    parquet, csv = write_log(tmp_path, datasets, [1])
    table = pq.read_table(parquet)
    assert table.schema.names == COLUMNS
    assert table.schema.types == [pa.string(), pa.string(), pa.int8(), pa.float32(), pa.string(), pa.int64()]
    keys = zip(*(table[name].to_pylist() for name in ("dataset", "row", "prediction_name", "window")), strict=True)
    assert list(keys) == [
        ("v402", 0, "trip", "[1,5,2]"),
        ("v402", 0, "trip__b", "[1,5,2]"),
        ("v402", 1, "trip", "[]"),
        ("v402", 1, "trip__b", "[]"),
        ("v401", 0, "trip", "[-7]"),
        ("v401", 0, "trip__b", "[-7]"),
    ]
    lines = csv.read_text().splitlines()
    assert lines[0] == ",".join(COLUMNS)
    assert lines[1] == '"[1,5,2]","trip",0,0,"v402",0'
    assert len(lines) == 7


def test_a_score_that_is_no_number_is_nan_in_both(tmp_path: Path) -> None:
    parquet, csv = write_log(tmp_path, {"v401": list_array([0], [1], [2], [3], [4])}, [5])
    table = pq.read_table(parquet)
    assert table["y_prob"].null_count == 0
    assert np.isnan(table["y_prob"][8].as_py())
    assert csv.read_text().splitlines()[9] == '"[4]","trip",0,nan,"v401",4'


# Row groups of 10 rows, so that a few batches fill several of them.
@quick
@given(WINDOWS, WINDOWS, st.lists(st.integers(1, 8), min_size=1, max_size=4))
def test_both_files_are_the_same_bytes_however_the_batches_are_cut(
    windows: list[list[int]], other_windows: list[list[int]], sizes: list[int]
) -> None:
    datasets = {"v401": list_array(*windows), "v402": pa.array(other_windows, pa.large_list(pa.int64()))}
    rows = (len(windows) + len(other_windows)) * len(NAMES)
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as first, TemporaryDirectory() as second:
        patch.setattr(writer, "LOG_ROW_GROUP_ROWS", 10)
        patch.setattr(writer, "BLOCK_ROWS", 4)
        parquet, csv = write_log(Path(first), datasets, sizes)
        for cut, uncut in zip((parquet, csv), write_log(Path(second), datasets, [1000]), strict=True):
            assert cut.read_bytes() == uncut.read_bytes(), f"{cut.name} depends on the batches"
        table, metadata = pq.read_table(parquet), pq.read_metadata(parquet)
        groups = [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]
        assert groups == [10] * (rows // 10) + [rows % 10] * bool(rows % 10)
        assert [json.loads(text) for text in table["window"].to_pylist()[:: len(NAMES)]] == windows + other_windows
        kinds = pa_csv.ConvertOptions(column_types=table.schema)
        csv_table = pa_csv.read_csv(csv, convert_options=kinds)
        for name in COLUMNS:
            np.testing.assert_array_equal(csv_table[name].to_numpy(), table[name].to_numpy(), name)


# -- complete or missing


def test_the_files_have_no_name_until_they_are_whole(tmp_path: Path) -> None:
    parquet, csv = tmp_path / "raw.parquet", tmp_path / "raw.csv"
    with PredictionLog(parquet, csv, NAMES) as log:
        log.add(make_batch("v401", 0, list_array([1], [2])))
        assert not parquet.exists()
        assert not csv.exists()
    assert parquet.exists()
    assert csv.exists()


def test_no_rows_make_two_empty_files(tmp_path: Path) -> None:
    parquet, csv = write_log(tmp_path, {}, [1])
    assert pq.read_table(parquet).num_rows == 0
    assert csv.read_text() == ",".join(COLUMNS) + "\n"


def test_a_run_that_breaks_leaves_neither_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "LOG_ROW_GROUP_ROWS", 2)
    parquet, csv = tmp_path / "raw.parquet", tmp_path / "raw.csv"

    def break_run() -> None:
        with PredictionLog(parquet, csv, NAMES) as log:
            log.add(make_batch("v401", 0, list_array([1], [2])))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_run()
    assert not parquet.exists()
    assert not csv.exists()


@pytest.mark.parametrize("place", ["_write_row_group", "_csv"])
def test_a_write_that_fails_is_raised_and_leaves_neither_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """A full disk is noticed also where the last rows are written, at the end and in another thread."""

    def fill_disk(*_: object) -> None:
        raise OSError("no space left")

    parquet, csv = tmp_path / "raw.parquet", tmp_path / "raw.csv"
    log = PredictionLog(parquet, csv, NAMES)
    if place == "_csv":
        monkeypatch.setattr(writer._CsvFile, "write", fill_disk)
    else:
        monkeypatch.setattr(log, place, fill_disk)
    with pytest.raises(OSError, match="no space left"), log:
        log.add(make_batch("v401", 0, list_array([1], [2])))
    assert not parquet.exists()
    assert not csv.exists()
