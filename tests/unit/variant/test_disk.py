from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pytest_f07.errors import F07Error
from pytest_f07.variant import disk
from pytest_f07.variant.dataset import Dataset
from pytest_f07.variant.paths import Outputs
from tests.unit.small_run import write_run


def dataset(path: Path, rows: int, codes: int, limit: int | None = None) -> Dataset:
    windows = pa.array([[7] * codes] * rows, pa.list_(pa.int64()))
    pq.write_table(pa.table({"OW_events": windows, "label": [0] * rows}), path)
    return Dataset.open("v401", path, "v401", limit)


def test_the_estimate_is_the_documented_formula(tmp_path: Path) -> None:
    lines = 1000 * (2 * (32 + 4) + len("a") + len("bb")) + 2 * 6 * 1000 * 10
    expected = int(1.5 * lines) + 2 * 500_000 + 5_000_000
    measured = dataset(tmp_path / "d", 1000, 10)
    assert disk.estimate_bytes([measured], ["a", "bb"]) == expected
    assert disk.estimate_bytes([measured, measured], ["a", "bb"]) == 2 * (expected - 6_000_000) + 6_000_000
    in_parts = int(0.25 * lines) + 2 * 500_000 + 5_000_000
    assert disk.estimate_bytes([measured], ["a", "bb"], in_parts=True) == in_parts
    assert disk.estimate_bytes([dataset(tmp_path / "d", 2000, 10, limit=1000)], ["a", "bb"]) == expected


def test_the_estimate_is_of_the_size_of_the_logs() -> None:
    drawn = {
        "rows": {"v401": [([row % 900 + 100] * 12, 0) for row in range(3000)]},
        "kinds": [(pa.list_(pa.int32()), pa.int8(), 1000)],
        "owners": {"a": "v401", "b": "v401"},
        "limit": None,
        "seed": 1,
    }
    with write_run(drawn, batch_size=500) as run:
        written = run.parquet.with_suffix(".csv").stat().st_size
        fixed = 2 * disk.MODEL_BYTES + disk.RUN_BYTES
        estimate = disk.estimate_bytes(run.datasets, list(run.owners)) - fixed
    assert 1 < estimate / written < 3


def test_less_space_than_needed_is_refused_and_the_earlier_run_counts_as_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = Outputs(tmp_path)
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1_000_000))
    disk.check_space(paths, 900_000)
    with pytest.raises(
        F07Error, match=re.escape(f"{tmp_path}: 1 MB are free there, and the run will write about 3 MB")
    ):
        disk.check_space(paths, 3_000_000)
    paths.logs.mkdir()
    (paths.logs / "raw_predictions.csv").write_bytes(os.urandom(2_500_000))
    disk.check_space(paths, 3_000_000)
    os.link(paths.logs / "raw_predictions.csv", tmp_path / "of the DVC cache")
    with pytest.raises(F07Error, match="1 MB are free"):
        disk.check_space(paths, 3_000_000)


CACHES = ["cache", "cache/d", "cache/d/.xprocess", "cache/d/.xprocess/f07-server"]


@pytest.mark.parametrize("where", CACHES)
def test_a_cache_that_takes_no_file_is_refused_with_what_to_do(tmp_path: Path, where: str) -> None:
    disk.check_cache(tmp_path / "cache")
    assert not list(tmp_path.iterdir())
    path = tmp_path / where
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("a file")
    with pytest.raises(
        F07Error, match=re.escape(f"{path}: pytest's cache cannot be written there") + ".*-o cache_dir="
    ):
        disk.check_cache(tmp_path / "cache")


@pytest.mark.parametrize("where", [".", "logs", "report/figures"])
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    paths = Outputs(tmp_path)
    paths.logs.mkdir()
    paths.figures.mkdir(parents=True)
    disk.check_writable(paths)
    # Root may write anywhere: the system's answer is given here.
    refused = {tmp_path / where: "Read-only file system"}
    monkeypatch.setattr(disk, "_write_error", lambda folder: refused.get(folder, ""))
    shown = re.escape(str(tmp_path / where))
    with pytest.raises(F07Error, match=rf"^{shown}: cannot be written \(Read-only file system\); a run writes there\."):
        disk.check_writable(paths)


def test_no_temporary_folder_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    with pytest.raises(F07Error, match=r"no temporary folder can be made \(No such file or directory\).*TMPDIR="):
        disk.make_temporary("f07-")
