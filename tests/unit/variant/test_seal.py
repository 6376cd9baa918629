"""The seal: which files it covers, and that any change at all breaks it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_f07.errors import F07Error
from pytest_f07.variant.seal import check_seal, digest, package_files, seal

quick = settings(derandomize=True, deadline=None, max_examples=60)
ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, the example "abc"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("v601")
    for name, content in {"b": b"abc", "models/a/model.h5": b"\0" * 100, "models/a.b": b"", ".git/x": b"x"}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def test_each_file_has_its_digest_and_size(folder: Path) -> None:
    assert list(package_files(folder)) == ["b", "models/a.b", "models/a/model.h5"]
    assert seal(folder)["b"] == {"sha256": ABC, "size": 3}
    assert digest(folder / "b") == ABC
    check_seal(folder, seal(folder), "v701")


def test_a_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff.txt")).touch()
    with pytest.raises(F07Error, match=r"the name '\\udcff\.txt' is not UTF-8"):
        package_files(tmp_path)


def test_folders_without_end_are_refused(tmp_path: Path) -> None:
    path = tmp_path
    for _ in range(30):
        path = path / "a"
    path.mkdir(parents=True)
    with pytest.raises(F07Error, match="has folders more than 20 deep"):
        package_files(tmp_path)


@quick
@given(st.integers(0, 99), st.integers(1, 255))
def test_any_byte_counts(folder: Path, place: int, by: int) -> None:
    sealed, path = seal(folder), folder / "models" / "a" / "model.h5"
    content = path.read_bytes()
    try:
        path.write_bytes(content[:place] + bytes([content[place] ^ by]) + content[place + 1 :])
        with pytest.raises(
            F07Error, match=r"models/a/model\.h5 has changed \(sha256 [0-9a-f]{12}… was [0-9a-f]{12}…\)"
        ):
            check_seal(folder, sealed, "v701")
    finally:
        path.write_bytes(content)
    check_seal(folder, sealed, "v701")
