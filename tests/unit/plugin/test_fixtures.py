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
from pytest_f07.endpoints.target import ClusterTarget, ManagedTarget, UrlTarget
from pytest_f07.plugin import fixtures
from pytest_f07.plugin.session import ValidationSession
from pytest_f07.replay.server import RunningServer
from pytest_f07.variant.cluster import ClusterParams
from pytest_f07.variant.equivalence import EquivalenceParams
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
    command = call(fixtures.f07_server_command, session)
    assert command.arguments[0] == sys.executable
    assert command.arguments[-3:] == ["pytest_f07.server", "--wait", str(session.manifest.paths.manifest)]
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

    stopped = launched = 0

    def __init__(self, *given: object) -> None:
        self.given = given

    def launch(self) -> None:
        self.launched += 1

    def stop(self) -> None:
        self.stopped += 1


class Fixtures:
    """The fixtures of a session, by name."""

    def __init__(self, **fixtures: object) -> None:
        self._fixtures = fixtures

    def getfixturevalue(self, name: str) -> object:
        return self._fixtures[name]


@pytest.mark.parametrize("waits", [True, False])
@pytest.mark.parametrize("error", [None, KeyboardInterrupt()], ids=["end", "interrupt"])
def test_a_server_that_waits_is_started_at_once_and_any_is_stopped_however_the_session_ends(
    monkeypatch: pytest.MonkeyPatch, session: ValidationSession, error: BaseException | None, waits: bool
) -> None:
    monkeypatch.setattr(fixtures, "ServerProcess", Server)
    command = SimpleNamespace(waits=waits)
    generator = call(fixtures.f07_server, session, Fixtures(f07_server_command=command, xprocess="xprocess"))
    server = next(generator)
    assert server.given == ("xprocess", command, managed_target(session).listener)
    assert (server.launched, server.stopped) == (int(waits), 0)
    with pytest.raises(type(error) if error else StopIteration):
        generator.throw(error) if error else next(generator)
    assert server.stopped == 1


@pytest.mark.parametrize(
    "target", [UrlTarget("http://127.0.0.1:1", "f07"), ClusterTarget(ClusterParams(workers=2), "nonce")]
)
def test_a_server_that_is_elsewhere_is_neither_started_nor_stopped(session: ValidationSession, target: Any) -> None:
    session.reservation = replace(session.reserved, target=target)
    generator = call(fixtures.f07_server, session, Fixtures())  # no fixture is asked for
    assert isinstance(next(generator), RunningServer)
    with pytest.raises(StopIteration):
        next(generator)


def test_workers_start_their_servers_when_the_package_is_checked(session: ValidationSession) -> None:
    session.reservation = replace(session.reserved, target=ClusterTarget(ClusterParams(workers=2), "nonce"))
    command = call(fixtures.f07_server_command, session)
    assert not command.waits
    assert command.arguments[-2:] == ["pytest_f07.server", str(session.manifest.paths.manifest)]


@pytest.mark.parametrize("mode", ["full", "off"])
def test_the_oracle_is_started_at_once_where_params_want_one(
    monkeypatch: pytest.MonkeyPatch, session: ValidationSession, mode: str
) -> None:
    done: list[str] = []
    oracle = SimpleNamespace(start=lambda: done.append("start"), stop=lambda: done.append("stop"))
    monkeypatch.setattr(fixtures, "OracleProcess", lambda manifest: oracle)
    params = replace(session.reserved.params, equivalence=EquivalenceParams(mode))
    session.reservation = replace(session.reserved, params=params)
    generator = call(fixtures.f07_oracle, session)
    assert next(generator) is oracle
    assert done == (["start"] if mode == "full" else [])
    with pytest.raises(StopIteration):
        next(generator)
    assert done[-1] == "stop"


def test_the_result_is_the_runs_with_what_a_conftest_made_of_it(
    monkeypatch: pytest.MonkeyPatch, session: ValidationSession
) -> None:
    given: list[Any] = []

    def execute(*arguments: Any) -> str:
        given.append(arguments)
        return "the result"

    monkeypatch.setattr(session, "execute", execute)
    overridden, server, oracle = SimpleNamespace(), Server(), SimpleNamespace()
    assert call(fixtures.f07_result, session, server, oracle, overridden, None) == "the result"
    assert given == [(overridden, server, oracle, None)]


def test_without_a_cluster_this_process_replays(session: ValidationSession) -> None:
    assert call(fixtures.f07_replayer, session.checked, None) is None


def test_a_session_that_only_collects_starts_nothing(tmp_path: Path) -> None:
    with pytest.raises(pytest.UsageError, match="only collects executes nothing"):
        call(fixtures.f07_server_command, small_session(tmp_path, collect_only=True))


def test_the_hosts_tests_have_no_fixture_of_a_run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", LEAN)  # pytester takes it away
    pytester.makepyfile("def test_host(f07_result): pass")
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["E * fixture 'f07_result' not found"])
