"""The session's fixtures: ``f07_run``, ``f07_server_command``, ``f07_server``, ``f07_verdicts``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from pytest_f07.replay.process import ServerCommand, ServerProcess, XProcess
from pytest_f07.results.verdict import Verdict
from pytest_f07.run import Run


@pytest.fixture(scope="session")
def f07_run(pytestconfig: pytest.Config) -> Run:
    """The checked run of this session's variant."""
    session = pytestconfig.pluginmanager.get_plugin("f07-session")
    assert session is not None, "this module is registered together with it"
    run: Run = session.run
    return run


@pytest.fixture(scope="session")
def f07_server_command(f07_run: Run) -> ServerCommand:
    """How the server is started. Override it in a conftest.py to validate another server that speaks the contract."""
    return ServerCommand.of_manifest(f07_run.paths.manifest, f07_run.outputs.server_log, f07_run.nonce)


@pytest.fixture(scope="session")
def f07_server(f07_run: Run, f07_server_command: ServerCommand, xprocess: XProcess) -> Iterator[ServerProcess]:
    """The server's process, not started yet; it is gone when the session ends, however it ends."""
    assert f07_run.listener is not None, "run.check() took the port"
    server = ServerProcess(xprocess, f07_server_command, f07_run.listener)
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def f07_verdicts(f07_run: Run, f07_server: ServerProcess, pytestconfig: pytest.Config) -> Mapping[str, Verdict]:
    """The whole replay and what it says of each model, by prediction_name; a run that broke says so in each."""
    session = pytestconfig.pluginmanager.get_plugin("f07-session")
    assert session is not None, "this module is registered together with it"
    # A plugin that asks for the session's end has its fixtures end, and those of the next item begin anew.
    if not f07_run.started:
        with session.shield.raised():
            f07_run.execute(f07_server)
    return f07_run.verdicts
