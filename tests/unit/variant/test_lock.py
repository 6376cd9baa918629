"""Locks on folders: a second holder of a variant is refused, the registry's lock is waited for."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from pytest_f07.errors import F07Error
from pytest_f07.variant.lock import lock_variant, registry_lock, variant_lock
from pytest_f07.variant.paths import VariantPaths


@pytest.fixture
def paths(tmp_path: Path) -> VariantPaths:
    folder = tmp_path / "v701"
    folder.mkdir()
    return VariantPaths(folder)


def test_a_locked_variant_is_refused_until_its_lock_is_released(paths: VariantPaths) -> None:
    with variant_lock(paths), pytest.raises(F07Error, match="variant v701 is being run, published or removed"):
        lock_variant(paths)
    os.close(lock_variant(paths))


def test_a_lock_leaves_no_file(paths: VariantPaths) -> None:
    with variant_lock(paths), registry_lock(paths.folder.parent):
        pass
    assert list(paths.folder.parent.rglob("*")) == [paths.folder]


def test_a_second_writer_of_the_registry_waits_for_the_first(tmp_path: Path) -> None:
    order: list[str] = []
    started = threading.Event()

    def write_second() -> None:
        started.set()
        with registry_lock(tmp_path):
            order.append("second")

    writer = threading.Thread(target=write_second)
    with registry_lock(tmp_path):
        writer.start()
        assert started.wait(10)
        writer.join(0.05)
        order.append("first")
    writer.join(10)
    assert order == ["first", "second"]
