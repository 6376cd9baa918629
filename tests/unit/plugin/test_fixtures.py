"""What each fixture gives; whole sessions are in tests/integration/test_session.py."""

from __future__ import annotations

import inspect
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from conftest import LEAN
from pytest_f07.endpoints.target import ManagedTarget, UrlTarget
from pytest_f07.plugin import fixtures
from pytest_f07.plugin.session import ValidationSession
from pytest_f07.replay.server import RunningServer
from tests.unit.small_session import small_session


def call(fixture: Any, *arguments: Any) -> Any:
    """Call a fixture's function, which pytest alone may call by its name."""
    return inspect.unwrap(fixture)(*arguments)


@pytest.fixture
def session(tmp_path: Path) -> ValidationSession:
    return small_session(tmp_path)


@pytest.mark.parametrize("whole", [True, False])
def test_the_command_starts_this_runs_server_and_logs_where_the_run_writes(
    session: ValidationSession, whole: bool
) -> None:
    session.all_selected = whole
    command = call(fixtures.f07_server_command, session, session.checked)
    assert command.arguments[0] == sys.executable
    assert command.arguments[-2:] == ["pytest_f07.server", str(session.manifest.paths.manifest)]
    folder = session.manifest.paths.folder if whole else session.staging
    assert command.log == folder / "runtime" / "server.log"
    assert command.nonce == managed_target(session).nonce
    assert command.start_timeout_s == session.checked.params.start_timeout_s


def managed_target(session: ValidationSession) -> ManagedTarget:
    target = session.checked.target
    assert isinstance(target, ManagedTarget)
    return target


class Server:
    """A server's process that notes how often it was stopped."""

    stopped = 0

    def __init__(self, *given: object) -> None:
        self.given = given

    def stop(self) -> None:
        self.stopped += 1


@pytest.mark.parametrize("error", [None, KeyboardInterrupt()], ids=["end", "interrupt"])
def test_the_server_is_stopped_when_the_session_ends_however_it_ends(
    monkeypatch: pytest.MonkeyPatch, session: ValidationSession, error: BaseException | None
) -> None:
    monkeypatch.setattr(fixtures, "ServerProcess", Server)
    request = SimpleNamespace(getfixturevalue=lambda name: f"the fixture {name}")
    generator = call(fixtures.f07_server, session.checked, request)
    server = next(generator)
    given = ("the fixture xprocess", "the fixture f07_server_command", managed_target(session).listener)
    assert server.given == given
    assert not server.stopped
    with pytest.raises(type(error) if error else StopIteration):
        generator.throw(error) if error else next(generator)
    assert server.stopped == 1


def test_a_server_that_is_already_there_is_neither_started_nor_stopped(session: ValidationSession) -> None:
    def refuse(name: str) -> object:
        raise AssertionError(f"{name} was asked for")

    prepared = replace(session.checked, target=UrlTarget("http://127.0.0.1:1", "f07"))
    generator = call(fixtures.f07_server, prepared, SimpleNamespace(getfixturevalue=refuse))
    assert isinstance(next(generator), RunningServer)
    with pytest.raises(StopIteration):
        next(generator)


def test_the_result_is_the_runs_with_what_a_conftest_made_of_it(
    monkeypatch: pytest.MonkeyPatch, session: ValidationSession
) -> None:
    given: list[Any] = []

    def execute(*arguments: Any) -> str:
        given.append(arguments)
        return "the result"

    monkeypatch.setattr(session, "execute", execute)
    overridden, server = SimpleNamespace(), Server()
    assert call(fixtures.f07_result, session, overridden, server, None) == "the result"
    assert given == [(overridden, server, None)]


def test_without_a_cluster_this_process_replays(session: ValidationSession) -> None:
    assert call(fixtures.f07_replayer, session.checked, None) is None


def test_a_session_that_only_collects_has_no_checked_variant(tmp_path: Path) -> None:
    with pytest.raises(pytest.UsageError, match="only collects executes nothing"):
        call(fixtures.f07_prepared, small_session(tmp_path, collect_only=True))


def test_the_hosts_tests_have_no_fixture_of_a_run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", LEAN)  # pytester takes it away
    pytester.makepyfile("def test_host(f07_result): pass")
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["E * fixture 'f07_result' not found"])
