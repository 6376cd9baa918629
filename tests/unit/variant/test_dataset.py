"""A dataset read back: rows in order, within row groups; labels and codes of every type; damage told by its row."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_f07.errors import F07Error
from pytest_f07.variant.dataset import UNLABELLED, X_COLUMN, Y_COLUMN, Dataset, labels_of
from pytest_f07.windows import MAX_CODES
from tests.unit.small_package import overwrite, write_dataset

quick = settings(derandomize=True, deadline=None, max_examples=60)
INTEGERS = [pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()]
FLOATS = [pa.float16(), pa.float32(), pa.float64()]


def dataset(path: Path, limit: int | None = None) -> Dataset:
    return Dataset.open("v401", path, "d", limit)


def refused(path: Path) -> str:
    with pytest.raises(F07Error) as caught:
        dataset(path).check_rows()
    return str(caught.value)


@quick
@given(
    st.lists(st.lists(st.integers(0, 99), max_size=9), max_size=4), st.none() | st.integers(1, 40), st.integers(1, 9)
)
def test_rows_come_in_order_up_to_the_limit_and_never_across_a_row_group(
    groups: list[list[int]], limit: int | None, most: int
) -> None:
    schema = pa.schema([("OW_events", pa.list_(pa.int64())), ("label", pa.int8())])
    with TemporaryDirectory() as folder:
        path = Path(folder) / "d.parquet"
        with pq.ParquetWriter(path, schema) as writer:
            for codes in groups:
                writer.write_table(pa.table([[[code] for code in codes], [0] * len(codes)], schema=schema))
        found = dataset(path, limit)
        blocks = [[window[0] for window in block.column(0).to_pylist()] for block in found.blocks([X_COLUMN], most)]
        rows = [code for codes in groups for code in codes][:limit]
        assert [code for block in blocks for code in block] == rows
        assert found.rows == len(rows)
    ends = {sum(map(len, groups[:count])) for count in range(len(groups) + 1)}
    first = 0
    for block in blocks:
        assert len(block) <= most
        assert not ends & set(range(first + 1, first + len(block)))
        first += len(block)


# -- labels


def labels(values: Sequence[object], kind: pa.DataType) -> pa.Array:
    if pa.types.is_float16(kind):  # pyarrow makes them of numpy's numbers only
        values = [None if value is None else np.float16(float(str(value))) for value in values]
    return pa.array(values, kind)


@pytest.mark.parametrize("kind", INTEGERS, ids=str)
def test_labels_of_any_integer_type(tmp_path: Path, kind: pa.DataType) -> None:
    write_dataset(tmp_path / "d.parquet", [[1]] * 4, labels([1, 0, None, 1], kind), y_type=kind)
    dataset(tmp_path / "d.parquet")
    dataset(tmp_path / "d.parquet").check_rows()
    assert labels_of(labels([1, 0, None, 1], kind)).tolist() == [1, 0, UNLABELLED, 1]


@pytest.mark.parametrize("kind", FLOATS, ids=str)
def test_labels_of_any_float_type(tmp_path: Path, kind: pa.DataType) -> None:
    values = labels([1.0, 0.0, -0.0, float("nan"), None], kind)
    write_dataset(tmp_path / "d.parquet", [[1]] * 5, values, y_type=kind)
    dataset(tmp_path / "d.parquet")
    dataset(tmp_path / "d.parquet").check_rows()
    [block] = dataset(tmp_path / "d.parquet").blocks([Y_COLUMN])
    assert labels_of(block.column(0)).tolist() == [1, 0, 0, UNLABELLED, UNLABELLED]


def test_labels_that_are_booleans(tmp_path: Path) -> None:
    write_dataset(tmp_path / "d.parquet", [[1]] * 3, [True, False, None], y_type=pa.bool_())
    dataset(tmp_path / "d.parquet")
    dataset(tmp_path / "d.parquet").check_rows()
    assert labels_of(pa.array([True, False, None])).tolist() == [1, 0, UNLABELLED]


@pytest.mark.parametrize("kind", [pa.int64(), pa.float32(), pa.float16(), pa.bool_()], ids=str)
def test_labels_of_a_slice(kind: pa.DataType) -> None:
    values = [bool(v) if pa.types.is_boolean(kind) and v is not None else v for v in (0, 0, 1, None, 0)]
    assert labels_of(labels(values, kind).slice(2, 2)).tolist() == [1, UNLABELLED]
    assert labels_of(labels([], kind)).tolist() == []


@pytest.mark.parametrize("kind", FLOATS, ids=str)
def test_the_first_wrong_label_is_named_by_its_row(tmp_path: Path, kind: pa.DataType) -> None:
    path = tmp_path / "d.parquet"
    values = labels([None, float("nan"), 1, 1.5, 2.5], kind)
    write_dataset(path, [[1]] * 5, values, y_type=kind)
    assert refused(path) == "d: row 3: label is 1.5; it must be 0, 1, null or NaN (the last two: not labelled)."


# -- windows


@pytest.mark.parametrize("listed", [pa.list_, pa.large_list])
@pytest.mark.parametrize("kind", INTEGERS, ids=str)
def test_codes_of_any_integer_type(tmp_path: Path, kind: pa.DataType, listed: type[pa.list_]) -> None:
    path = tmp_path / "d.parquet"
    write_dataset(path, [[1, 2], [], [3]], [1, 0, None], listed(kind))
    dataset(path)
    dataset(path).check_rows()


def test_the_smallest_and_the_largest_code(tmp_path: Path) -> None:
    for kind, code in ((pa.int64(), -(2**63)), (pa.uint64(), 2**63 - 1)):
        write_dataset(tmp_path / "d.parquet", [[code]], [1], pa.list_(kind))
        dataset(tmp_path / "d.parquet").check_rows()


def test_no_rows_at_all_are_no_mistake_of_the_file(tmp_path: Path) -> None:
    write_dataset(tmp_path / "d.parquet", [], [])
    dataset(tmp_path / "d.parquet")
    dataset(tmp_path / "d.parquet").check_rows()
    assert dataset(tmp_path / "d.parquet").rows == 0


BEYOND = 70_000  # beyond one block
DEEP = {
    "window": ([[1]] * BEYOND + [None], [0] * (BEYOND + 1), "OW_events is null; an empty window is an empty list."),
    "code": ([[1]] * BEYOND + [[2, None]], [0] * (BEYOND + 1), "OW_events holds a null; codes are integers."),
    "label": ([[1]] * (BEYOND + 1), [0] * BEYOND + [2], "label is 2; it must be 0, 1, null or NaN (the last two: *)."),
}


@pytest.mark.parametrize("listed", [pa.list_, pa.large_list])
@pytest.mark.parametrize(("windows", "values", "message"), DEEP.values(), ids=DEEP)
def test_a_row_is_counted_from_the_beginning_of_the_dataset(
    tmp_path: Path, windows: list[object], values: list[int], message: str, listed: type[pa.list_]
) -> None:
    path = tmp_path / "d.parquet"
    write_dataset(path, windows, values, listed(pa.int32()))
    assert fnmatchcase(refused(path), f"d: row 70,000: {message}")


# -- damage


@settings(derandomize=True, deadline=None, max_examples=120)
@given(st.floats(0, 1), st.binary(min_size=1, max_size=8))
def test_a_damaged_file_is_refused_in_one_line_or_read(
    tmp_path_factory: pytest.TempPathFactory, place: float, damage: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.parquet"
    write_dataset(path, [[row, row % 7] for row in range(300)], [row % 2 for row in range(300)])
    overwrite(path, place, damage)
    try:
        dataset(path)
        dataset(path).check_rows()
        message = "d: read"
    except F07Error as error:
        message = str(error)
    assert message.startswith("d: ")
    assert len(message.splitlines()) == 1


DAMAGE_FOOTER = """
import sys
from pathlib import Path
from pytest_f07.errors import F07Error
from pytest_f07.variant.dataset import Dataset

path = Path(sys.argv[1])
content = path.read_bytes()
footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
for place in range(footer, len(content) - 8):
    print("byte", place - footer, "of the footer", flush=True)
    path.write_bytes(content[:place] + bytes([0x16]) + content[place + 1 :])
    try:
        Dataset.open("v401", path, "d").check_rows()
    except F07Error:
        pass
"""


def test_a_damaged_footer_ends_no_process(tmp_path: Path) -> None:
    """Arrow 26 ends the process that asks for a column with a damaged histogram; 0x16 is a number of Thrift's."""
    path = tmp_path / "d.parquet"
    write_dataset(path, [[row, row % 7] for row in range(300)], [row % 2 for row in range(300)])
    command = [sys.executable, "-c", DAMAGE_FOOTER, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout.splitlines()[-1] + "\n" + done.stderr


LIES = {
    "fewer": (800, 1, "d: declares 800 rows, and its row groups 2,000."),
    "more": (4000, 1, "d: declares 4,000 rows, and its row groups 2,000."),
    "more everywhere": (4000, -1, "d: *"),  # which it is, Arrow's version decides
}


@pytest.mark.parametrize(("said", "times", "message"), LIES.values(), ids=LIES)
def test_a_file_that_lies_about_its_rows_is_refused(tmp_path: Path, said: int, times: int, message: str) -> None:
    """Its footer has the count for the file, and then for each row group and column."""
    path = tmp_path / "d.parquet"
    write_dataset(path, [[1]] * 2000, [0] * 2000)
    content = path.read_bytes()
    footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    path.write_bytes(content[:footer] + content[footer:].replace(varint(2000), varint(said), times))
    with pytest.raises(F07Error) as caught:
        checked(dataset(path))
    [line] = str(caught.value).splitlines()
    assert fnmatchcase(line, message), line


def checked(found: Dataset) -> None:
    found.check_rows()


def varint(number: int) -> bytes:
    """A number of two bytes as Thrift writes it, behind the mark of its type."""
    return bytes([0x16, (2 * number) % 128 + 128, 2 * number // 128])


def test_long_windows_come_in_blocks_of_fewer_rows(tmp_path: Path) -> None:
    path = tmp_path / "d.parquet"
    write_dataset(path, [[7] * 500_000] * 40, [0] * 40)
    blocks = list(dataset(path).blocks([X_COLUMN]))
    assert sum(map(len, blocks)) == 40
    assert max(len(block.column(0).values) for block in blocks) <= MAX_CODES


def test_a_column_whose_name_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "d.parquet"
    table = pa.table({"OW_events": pa.array([[1]], pa.list_(pa.int64())), "label": [1]})
    pq.write_table(table, path, store_schema=False)
    path.write_bytes(path.read_bytes().replace(b"label", b"lab\xffl"))
    with pytest.raises(F07Error) as caught:
        dataset(path)
    assert fnmatchcase(str(caught.value), "d: *")
