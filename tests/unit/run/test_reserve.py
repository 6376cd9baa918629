"""Test what a run holds before anything is checked, and what a refusal leaves."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from pytest_f07.endpoints.target import ClusterTarget, ManagedTarget, UrlTarget
from pytest_f07.errors import F07Error
from pytest_f07.run.declaration import load
from pytest_f07.run.reserve import Reservation, reserve
from pytest_f07.variant.paths import Project
from tests.unit.run.test_prepare import is_locked
from tests.unit.small_package import make_project, tree

URL = "http://127.0.0.1:1"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path)


def reserved(project: Project, **options: Any) -> Reservation:
    return reserve(*load(project, "v701"), **options)


def test_lock_and_port_are_held_until_they_are_released(project: Project) -> None:
    before, folder = tree(project.root), project.variant("v701").folder
    reservation = reserved(project)
    assert isinstance(reservation.target, ManagedTarget)
    address = reservation.target.host, reservation.target.port
    assert is_locked(folder)
    socket.create_connection(address, timeout=5).close()
    with pytest.raises(F07Error, match="v701 is being run, published or removed by another process"):
        reserved(project)
    for _ in range(2):  # a second time does nothing
        reservation.release()
        assert not is_locked(folder)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, timeout=5)
    assert tree(project.root) == before


TARGETS: dict[str, tuple[dict[str, Any], type]] = {
    "its own server": ({}, ManagedTarget),
    "a server that is there": ({"server_url": URL, "protocol": "f07"}, UrlTarget),
    "workers": ({"workers": "2"}, ClusterTarget),
}


@pytest.mark.parametrize(("options", "kind"), TARGETS.values(), ids=TARGETS)
def test_the_options_say_which_server_is_validated(project: Project, options: dict[str, Any], kind: type) -> None:
    if kind is ClusterTarget:
        pytest.importorskip("distributed")
    reservation = reserved(project, **options)
    reservation.release()
    assert isinstance(reservation.target, kind)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "resume elsewhere": ({"server_url": URL, "resume": True}, f"asked to resume with the server at {URL}"),
    "workers elsewhere": ({"server_url": URL, "workers": "2"}, "--f07-workers spreads a run over workers"),
    "no number": ({"workers": "two"}, "--f07-workers is 'two'"),
    "no such protocol": ({"server_url": URL, "protocol": "smtp"}, "--f07-protocol is 'smtp'"),
}


@pytest.mark.parametrize(("options", "message"), REFUSED.values(), ids=REFUSED)
def test_options_that_contradict_each_other_leave_no_lock(
    project: Project, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(F07Error, match=message):
        reserved(project, **options)
    assert not is_locked(project.variant("v701").folder)


def test_a_port_that_cannot_be_taken_leaves_no_lock(project: Project) -> None:
    params = project.variant("v701").params
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        params.write_text(params.read_text().replace("port: 0", f"port: {port}"))
        with pytest.raises(F07Error, match=f"port {port} of 127.0.0.1 cannot be used"):
            reserved(project)
    assert not is_locked(project.variant("v701").folder)
