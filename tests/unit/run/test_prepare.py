"""Test the check before a run: what it holds, and what it leaves where it refuses."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_f07.endpoints.target import ManagedTarget
from pytest_f07.errors import F07Error
from pytest_f07.variant.paths import Project
from tests.unit.small_package import make_project, prepare_variant, tree


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a project with a small package and v701 of it, at any free port."""
    return make_project(tmp_path)


def is_locked(folder: Path) -> bool:
    """Return whether another file descriptor holds the lock of ``folder``."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def test_a_prepared_run_holds_lock_and_port_until_it_is_released(project: Project) -> None:
    before = tree(project.root)
    prepared = prepare_variant(project)
    assert isinstance(prepared.target, ManagedTarget)
    address, folder = (prepared.target.host, prepared.target.port), project.variant("v701").folder
    assert [model.prediction_name for model in prepared.models] == ["a", "a__b"]
    assert is_locked(folder)
    with pytest.raises(F07Error, match="variant v701 is being run, published or removed by another process"):
        prepare_variant(project)
    socket.create_connection(address, timeout=5).close()
    prepared.release()
    assert not is_locked(folder)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=5)
    assert tree(project.root) == before


def change_package(project: Project) -> None:
    (project.package("v601").model_folder("a__m1") / "model.h5").write_bytes(b"")


MISTAKES: dict[str, tuple[Callable[[Project], None], str | None, str]] = {
    "package": (change_package, None, r"package v601 no longer matches the seal of v701: models/a__m1/model.h5"),
    "itself": (lambda project: None, "v701", "--f07-compare=v701 is the variant itself; name another one"),
    "no other": (lambda project: None, "v709", "v709"),
}


@pytest.mark.parametrize(("mistake", "compare_with", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_refused_and_leaves_no_lock(
    project: Project, mistake: Callable[[Project], None], compare_with: str | None, message: str
) -> None:
    mistake(project)
    before = tree(project.root)
    with pytest.raises(F07Error, match=message):
        prepare_variant(project, compare_with)
    assert not is_locked(project.variant("v701").folder)
    assert tree(project.root) == before
