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
from pytest_f07.run.prepare import prepare
from pytest_f07.variant.paths import Project
from tests.unit.small_package import make_project, tree


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
    prepared = prepare(project, "v701")
    assert isinstance(prepared.target, ManagedTarget)
    address, folder = (prepared.target.host, prepared.target.port), project.variant("v701").folder
    assert [model.prediction_name for model in prepared.models] == ["a", "a__b"]
    assert is_locked(folder)
    with pytest.raises(F07Error, match="variant v701 is being run, published or removed by another process"):
        prepare(project, "v701")
    socket.create_connection(address, timeout=5).close()
    prepared.release()
    assert not is_locked(folder)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=5)
    assert tree(project.root) == before


def change_package(project: Project) -> None:
    (project.package("v601").model_folder("a__m1") / "model.h5").write_bytes(b"")


def rename_parent(project: Project) -> None:
    params = project.variant("v701").params
    params.write_text(params.read_text().replace("v601", "v609"))


MISTAKES: dict[str, tuple[Callable[[Project], None], str | None, str]] = {
    "package": (change_package, None, r"package v601 no longer matches the seal of v701: models/a__m1/model.h5"),
    "parent": (rename_parent, None, r"parent_variant_f06 is v609, and the manifest was made of v601"),
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
        prepare(project, "v701", compare_with)
    assert not is_locked(project.variant("v701").folder)
    assert tree(project.root) == before


def test_a_port_that_cannot_be_taken_leaves_no_lock(project: Project) -> None:
    params = project.variant("v701").params
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        params.write_text(params.read_text().replace("port: 0", f"port: {port}"))
        with pytest.raises(F07Error, match=f"port {port} of 127.0.0.1 cannot be used"):
            prepare(project, "v701")
    assert not is_locked(project.variant("v701").folder)
