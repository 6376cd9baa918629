"""A variant's files on a worker: the very same, or a copy that the driver sends."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_f07.cluster import files
from pytest_f07.cluster.assignment import Assignment
from pytest_f07.cluster.files import WorkerFiles, chunks, sent_files
from pytest_f07.errors import BrokenRun
from pytest_f07.variant.manifest import Manifest, load
from pytest_f07.variant.paths import Project
from tests.unit.cluster.conftest import make_assignment


def test_a_worker_that_sees_the_same_files_uses_them(assignment: Assignment, project: Project, tmp_path: Path) -> None:
    assert WorkerFiles(assignment, tmp_path / "copy").find() == project


def test_a_worker_elsewhere_has_none_until_all_are_sent(project: Project, loaded: Manifest, tmp_path: Path) -> None:
    worker = WorkerFiles(make_assignment(project, loaded, root="/nowhere"), tmp_path / "copy")
    for name, path in sent_files(loaded).items():
        assert worker.find() is None
        for offset, content in chunks(path):
            worker.receive(name, offset, content)
    copied = worker.find()
    assert copied == Project(tmp_path / "copy")
    assert load(copied, "v701").read_models()


def test_files_that_differ_are_not_the_runs(assignment: Assignment, loaded: Manifest, tmp_path: Path) -> None:
    path = next(iter(sorted(loaded.package.datasets.iterdir())))
    path.write_bytes(path.read_bytes() + b"!")
    assert WorkerFiles(assignment, tmp_path / "copy").find() is None


@pytest.mark.parametrize("name", ["package/../../x", "package/x", "/etc/passwd", "../x"])
def test_no_name_leads_out_of_the_copy(assignment: Assignment, tmp_path: Path, name: str) -> None:
    with pytest.raises(BrokenRun, match="is no file of the package"):
        WorkerFiles(assignment, tmp_path / "copy").receive(name, 0, b"")
    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize("size", [0, 1, 4, 9])
def test_a_file_is_sent_in_parts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, size: int) -> None:
    monkeypatch.setattr(files, "CHUNK_BYTES", 4)
    path = tmp_path / "file"
    path.write_bytes(bytes(range(size)))
    parts = list(chunks(path))
    assert b"".join(content for _, content in parts) == bytes(range(size))
    assert [offset for offset, _ in parts] == list(range(0, max(size, 1), 4))
