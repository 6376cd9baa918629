"""Test a run: what is left where it breaks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pytest_f07.endpoints.endpoint import Endpoint
from pytest_f07.equivalence.child import OracleProcess
from pytest_f07.errors import BrokenRun
from pytest_f07.replay.process import ServerProcess
from pytest_f07.run.execute import execute
from tests.unit.small_package import make_project, prepare_variant


class BrokenServer(ServerProcess):
    """A server that dies when it is started."""

    def __init__(self) -> None:
        """Start nothing."""

    def start(self, client: Endpoint[Any]) -> dict[str, Any]:
        """Raise as a server that died does."""
        raise BrokenRun("the server died at start-up (no\nmemory)")


def test_a_run_whose_server_dies_has_a_result_that_says_why(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    prepared, paths = prepare_variant(project), project.variant("v701")
    paths.metadata.write_text("{}")
    try:
        result = execute(prepared, BrokenServer(), OracleProcess(paths.manifest), paths)
    finally:
        prepared.release()
    reason = r"the server died at start-up (no\nmemory)"
    assert (result.broken, result.identity, result.comparison) == (reason, {}, None)
    assert {name: verdict.text for name, verdict in result.verdicts.items()} == {
        name: f"F07-BROKEN  {name}: not validated: {reason}." for name in ("a", "a__b")
    }
    assert set(result.stage_seconds) == {"start"}
    assert not paths.metadata.exists()
