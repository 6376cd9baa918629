"""The oracle in a session: what it notices, and that it leaves nothing behind."""

from __future__ import annotations

import pytest

from conftest import F07Project

NAMES = ["feeder_overload", "inverter_trip", "inverter_trip.cnn"]


def with_oracle(project: F07Project, more: str = "") -> None:
    """The stub answers, and the real oracle is asked."""
    project.stub()
    conftest = project.root / "conftest.py"
    conftest.write_text(conftest.read_text().replace('equivalence="off"', 'equivalence="sample"') + more)


def test_a_server_that_is_no_keras_fails_every_model(f07_project: F07Project) -> None:
    with_oracle(f07_project)
    result = f07_project.run()
    result.assert_outcomes(failed=3)
    for name in NAMES:
        result.stdout.fnmatch_lines(
            [f"F07-EQUIVALENCE  {name}: the runtime does not say what F05 would have said: 1,0?? of 1,024 windows *"]
        )
    assert f07_project.metadata["models"]["inverter_trip"]["equivalence_windows"] == 1024


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import sys; sys.exit('no memory left')", "the oracle died (no memory left)"),
        ("print('{\"y_prob\": [0.5]}', flush=True); input()", "the oracle answered 1 of 1,024 windows of *"),
    ],
)
def test_an_oracle_that_cannot_answer_breaks_the_run(f07_project: F07Project, code: str, said: str) -> None:
    oracle = f"""
from pytest_f07.equivalence import process as oracle
made = oracle.Oracle.__init__
def changed(self, manifest):
    made(self, manifest)
    self._command = [sys.executable, "-c", {code!r}]
oracle.Oracle.__init__ = changed
"""
    with_oracle(f07_project, oracle)
    result = f07_project.run()
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines([f"F07-BROKEN  feeder_overload: not validated: {said}*"])
    assert not (f07_project.variant / "07_deployrun_metadata.json").exists()
