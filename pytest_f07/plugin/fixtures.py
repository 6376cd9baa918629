"""Define the session's fixtures.

``f07_server_command``, ``f07_server`` and ``f07_oracle`` are asked for before the variant is checked; ``f07_prepared``,
``f07_replayer`` and ``f07_result`` after it. Nothing heavy is imported here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from pytest_f07.endpoints.target import ClusterTarget, ManagedTarget, UrlTarget
from pytest_f07.equivalence.child import OracleProcess
from pytest_f07.plugin.session import ValidationSession
from pytest_f07.plugin.spread import make_replayer
from pytest_f07.replay.process import ServerCommand, ServerProcess
from pytest_f07.replay.server import RunningServer, Server

if TYPE_CHECKING:
    from pytest_f07.results.run_result import RunResult
    from pytest_f07.run.prepare import Prepared
    from pytest_f07.run.replayer import Replayer


@pytest.fixture(scope="session")
def _f07_session(pytestconfig: pytest.Config) -> ValidationSession:
    return ValidationSession.of(pytestconfig)


@pytest.fixture(scope="session")
def f07_prepared(_f07_session: ValidationSession) -> Prepared:
    """Return the checked variant of this session."""
    return _f07_session.checked


@pytest.fixture(scope="session")
def f07_server_command(_f07_session: ValidationSession) -> ServerCommand:
    """Return the command that starts the server; override it in a conftest.py to start it in another way."""
    reservation = _f07_session.reserved
    target = reservation.target
    assert not isinstance(target, UrlTarget), "a server that is already there is not started"
    return ServerCommand.of_manifest(
        reservation.manifest.paths.manifest,
        _f07_session.outputs.server_log,
        target.nonce,
        reservation.params.start_timeout_s,
        waits=isinstance(target, ManagedTarget),
    )


@pytest.fixture(scope="session")
def f07_server(_f07_session: ValidationSession, request: pytest.FixtureRequest) -> Iterator[Server]:
    """Yield the server, which was started only if it waits; what was started is stopped when the session ends."""
    server: Server = RunningServer()
    target = _f07_session.reserved.target
    if isinstance(target, ManagedTarget):
        # Not as arguments: a server that is already there needs neither.
        command, xprocess = request.getfixturevalue("f07_server_command"), request.getfixturevalue("xprocess")
        server = ServerProcess(xprocess, command, target.listener)
    try:
        # Where a plugin has the fixtures set up once more, the run has its result.
        if isinstance(server, ServerProcess) and command.waits and not _f07_session.started:
            with suppress(OSError):  # the run tries again, and says why
                server.launch()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def f07_oracle(_f07_session: ValidationSession) -> Iterator[OracleProcess]:
    """Yield the oracle's process, started unless params.yaml wants none; it ends with the session at the latest."""
    reservation = _f07_session.reserved
    oracle = OracleProcess(reservation.manifest.paths.manifest)
    try:
        if reservation.params.equivalence.mode != "off" and not _f07_session.started:
            with suppress(OSError):  # the run tries again, and says why
                oracle.start()
        yield oracle
    finally:
        oracle.stop()


@pytest.fixture(scope="session")
def f07_replayer(f07_prepared: Prepared, request: pytest.FixtureRequest) -> Replayer | None:
    """Return the workers that replay the shards; None where this process does."""
    if not isinstance(f07_prepared.target, ClusterTarget):
        return None
    return make_replayer(f07_prepared, f07_prepared.target, request.getfixturevalue("f07_server_command"))


@pytest.fixture(scope="session")
def f07_result(
    _f07_session: ValidationSession,
    f07_server: Server,
    f07_oracle: OracleProcess,
    f07_prepared: Prepared,
    f07_replayer: Replayer | None,
) -> RunResult:
    """Execute the run, once in a session, and return its result."""
    return _f07_session.execute(f07_prepared, f07_server, f07_oracle, f07_replayer)
