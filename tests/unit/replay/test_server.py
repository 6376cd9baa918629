"""Test that a server which somebody else has started is asked, and left alone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from pytest_f07.replay.server import RunningServer, Server


def test_it_is_asked_who_it_is_and_left_alone() -> None:
    client: Any = SimpleNamespace(identity=lambda: {"models": 2})
    server: Server = RunningServer()
    assert server.start(client) == {"models": 2}
    assert server.wait_for_exit(60) is None
    server.let_end()
    server.stop()
