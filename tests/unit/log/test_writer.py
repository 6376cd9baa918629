"""The raw predictions: two files with the same rows, alike however the batches were cut, there only when whole."""

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

from pytest_f07.log import writer as log
from pytest_f07.log.writer import PredictionLog, window_text
from pytest_f07.windows import BatchResult, Predictions

quick = settings(derandomize=True, deadline=None, max_examples=60)
NAMES = ("trip", "trip__b")
COLUMNS = ["window", "prediction_name", "y_pred", "y_prob", "dataset", "row"]
CODES = st.integers(-(2**63), 2**63 - 1)
WINDOWS = st.lists(st.lists(CODES, max_size=4), max_size=9)


def answered(source_f04: str, first: int, windows: pa.Array) -> BatchResult:
    """A batch whose scores depend on the row alone, one in five of them not a number."""
    rows = np.arange(first, first + len(windows))
    y_prob = np.stack([rows / np.float32(7) % 1, rows / np.float32(3) % 1], axis=1).astype(np.float32)
    y_prob[rows % 5 == 4, 0] = np.nan
    predictions = Predictions(NAMES, (y_prob >= np.float32(0.5)).astype(np.int8), y_prob)
    return BatchResult(source_f04, first, windows, predictions)


def batches(datasets: dict[str, pa.Array], cuts: list[int]) -> list[BatchResult]:
    """Every row of every dataset, cut into batches of ``cuts`` rows, again and again."""
    made = []
    for source_f04, windows in datasets.items():
        first = 0
        while first < len(windows):
            size = cuts[len(made) % len(cuts)]
            piece = windows.slice(first, size)
            made.append(answered(source_f04, first, piece))
            first += len(piece)
    return made


def written(folder: Path, datasets: dict[str, pa.Array], cuts: list[int]) -> tuple[Path, Path]:
    paths = folder / "raw.parquet", folder / "raw.csv"
    with PredictionLog(*paths, NAMES) as opened:
        for one in batches(datasets, cuts):
            opened.add(one)
    assert {path.name for path in folder.iterdir()} == {"raw.parquet", "raw.csv"}
    return paths


def lists(*windows: list[int]) -> pa.Array:
    return pa.array(windows, pa.list_(pa.int64()))


def test_rows_stand_by_dataset_row_and_model_in_both_files(tmp_path: Path) -> None:
    datasets = {"v402": lists([1, 5, 2], []), "v401": lists([-7])}
    parquet, csv = written(tmp_path, datasets, [1])
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
    parquet, csv = written(tmp_path, {"v401": lists([0], [1], [2], [3], [4])}, [5])
    table = pq.read_table(parquet)
    assert table["y_prob"].null_count == 0
    assert np.isnan(table["y_prob"][8].as_py())
    assert csv.read_text().splitlines()[9] == '"[4]","trip",0,nan,"v401",4'


# Row groups of 10 rows, so that a few batches fill several of them.
@quick
@given(WINDOWS, WINDOWS, st.lists(st.integers(1, 8), min_size=1, max_size=4))
def test_both_files_are_the_same_bytes_however_the_batches_are_cut(
    one: list[list[int]], other: list[list[int]], cuts: list[int]
) -> None:
    datasets = {"v401": lists(*one), "v402": pa.array(other, pa.large_list(pa.int64()))}
    rows = (len(one) + len(other)) * len(NAMES)
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as first, TemporaryDirectory() as second:
        patch.setattr(log, "LOG_ROW_GROUP_ROWS", 10)
        parquet, csv = written(Path(first), datasets, cuts)
        for mine, whole in zip((parquet, csv), written(Path(second), datasets, [1000]), strict=True):
            assert mine.read_bytes() == whole.read_bytes(), f"{mine.name} depends on the batches"
        table, metadata = pq.read_table(parquet), pq.read_metadata(parquet)
        groups = [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]
        assert groups == [10] * (rows // 10) + [rows % 10] * bool(rows % 10)
        assert [json.loads(text) for text in table["window"].to_pylist()[:: len(NAMES)]] == one + other
        kinds = pa_csv.ConvertOptions(column_types=table.schema)
        read = pa_csv.read_csv(csv, convert_options=kinds)
        for name in COLUMNS:
            np.testing.assert_array_equal(read[name].to_numpy(), table[name].to_numpy(), name)


@quick
@given(WINDOWS, st.sampled_from([pa.list_, pa.large_list]), st.integers(0, 9), st.integers(0, 9))
def test_a_window_is_compact_json_wherever_its_array_was_cut(
    windows: list[list[int]], listed: type[pa.list_], start: int, length: int
) -> None:
    array = pa.array(windows, listed(pa.int64())).slice(start, length)
    expected = [json.dumps(window, separators=(",", ":")) for window in array.to_pylist()]
    assert window_text(array).to_pylist() == expected


# -- whole or not there


def test_the_files_have_no_name_until_they_are_whole(tmp_path: Path) -> None:
    parquet, csv = tmp_path / "raw.parquet", tmp_path / "raw.csv"
    with PredictionLog(parquet, csv, NAMES) as opened:
        opened.add(answered("v401", 0, lists([1], [2])))
        assert not parquet.exists()
        assert not csv.exists()
    assert parquet.exists()
    assert csv.exists()


def test_no_rows_make_two_empty_files(tmp_path: Path) -> None:
    parquet, csv = written(tmp_path, {}, [1])
    assert pq.read_table(parquet).num_rows == 0
    assert csv.read_text() == ",".join(COLUMNS) + "\n"


def test_a_run_that_breaks_leaves_neither_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "LOG_ROW_GROUP_ROWS", 2)
    parquet, csv = tmp_path / "raw.parquet", tmp_path / "raw.csv"

    def broken() -> None:
        with PredictionLog(parquet, csv, NAMES) as opened:
            opened.add(answered("v401", 0, lists([1], [2])))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert not parquet.exists()
    assert not csv.exists()


def test_a_write_that_fails_is_raised_and_leaves_neither_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last rows are written at the very end, in another thread: a full disk there must not go unseen."""

    def full(*_: object) -> None:
        raise OSError("no space left")

    parquet, csv = tmp_path / "raw.parquet", tmp_path / "raw.csv"
    opened = PredictionLog(parquet, csv, NAMES)
    monkeypatch.setattr(opened, "_put", full)
    with pytest.raises(OSError, match="no space left"), opened:
        opened.add(answered("v401", 0, lists([1], [2])))
    assert not parquet.exists()
    assert not csv.exists()
