"""The oracle in a session: what it notices, and that it leaves nothing behind."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq
import pytest

from conftest import REPOSITORY, F07Project
from pytest_f07.equivalence.child import OracleProcess
from pytest_f07.equivalence.process import Oracle, wait_for_answer

NAMES = ["feeder_overload", "inverter_trip", "inverter_trip.cnn"]
DATASET = REPOSITORY / "executions" / "06_packaging" / "v601" / "datasets" / "v401__dataset.parquet"
CODES = "Codes: how the oracle"


def with_oracle(project: F07Project, more: str = "") -> None:
    """The stub answers, and the real oracle is asked."""
    project.stub()
    conftest = project.root / "conftest.py"
    conftest.write_text(conftest.read_text().replace('EquivalenceParams("off")', "EquivalenceParams()") + more)


def test_a_server_that_is_no_keras_fails_every_model(f07_project: F07Project) -> None:
    with_oracle(f07_project)
    result = f07_project.run()
    result.assert_outcomes(failed=3)
    for name in NAMES:
        result.stdout.fnmatch_lines(
            [f"F07-EQUIVALENCE  {name}: the runtime does not say what F05 would have said: 3,??? of 3,838 windows *"]
        )
    # What it says of each code of the most wrong rows.
    assert (f07_project.variant / "report" / "report.html").read_text().count(CODES) == 3
    model = f07_project.metadata["models"]["inverter_trip"]
    assert (model["equivalence"], model["equivalence_windows"], model["equivalence_share"]) == ("100 %", 2487, 1)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import sys; sys.exit('no memory left')", "the oracle died (no memory left)"),
        ("print('{}', flush=True); input()", "the oracle answers for ; the manifest lists feeder_overload, *"),
    ],
)
def test_an_oracle_that_cannot_answer_breaks_the_run(f07_project: F07Project, code: str, said: str) -> None:
    oracle = f"""
from pytest_f07.equivalence import process as oracle
made = oracle.Oracle.__init__
def changed(self, manifest, models):
    made(self, manifest, models)
    self._command = [sys.executable, "-c", {code!r}]
oracle.Oracle.__init__ = changed
"""
    with_oracle(f07_project, oracle)
    result = f07_project.run()
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines([f"F07-BROKEN  feeder_overload: not validated: {said}*"])
    assert not (f07_project.variant / "07_deployrun_metadata.json").exists()


def test_an_oracle_that_dies_over_the_codes_leaves_a_complete_run_without_them(f07_project: F07Project) -> None:
    dying = """
from pytest_f07.equivalence import process as oracle
ask_windows = oracle.Oracle.ask_windows
def kill(self, windows):
    self._popen.kill()
    return ask_windows(self, windows)
oracle.Oracle.ask_windows = kill
"""
    with_oracle(f07_project, dying)
    f07_project.run().assert_outcomes(failed=3)
    assert f07_project.metadata["models"]["inverter_trip"]["equivalence"] == "100 %"
    assert CODES not in (f07_project.variant / "report" / "report.html").read_text()


def test_a_run_without_the_oracle_passes_as_not_proven_wherever_it_is_told(f07_stub: F07Project) -> None:
    f07_stub.set_params(equivalence="off")
    result = f07_stub.run()
    result.assert_outcomes(passed=3)
    said = "equivalence is off: no prediction was held against the oracle"
    result.stdout.fnmatch_lines([f"f07: warning: {said}*"])
    assert said in f07_stub.metadata["warnings"][0]
    assert {model["equivalence"] for model in f07_stub.metadata["models"].values()} == {"not proven"}
    report = f07_stub.variant / "report"
    assert said in (report / "report.html").read_text()
    assert (report / "junit.xml").read_text().count('name="equivalence" value="not proven"') == 3


def test_above_the_budget_a_part_is_proven_and_the_rest_is_not_claimed(f07_project: F07Project) -> None:
    f07_project.set_params(equivalence={"mode": "full", "budget": 300})
    result = f07_project.run()
    result.assert_outcomes(passed=3)
    for model in f07_project.metadata["models"].values():
        assert 100 <= model["equivalence_windows"] < 400
        assert 0 < model["equivalence_share"] < 1
    assert f07_project.metadata["params"]["equivalence"] == {"mode": "full", "budget": 300}
    assert CODES not in (f07_project.variant / "report" / "report.html").read_text()


def test_a_window_has_the_score_of_the_row_that_holds_it() -> None:
    windows = pq.read_table(DATASET, columns=["OW_events"])["OW_events"].to_pylist()[:20]
    process = OracleProcess(REPOSITORY / "executions" / "07_deployrun" / "v701" / "manifest.json")
    with Oracle(process, NAMES) as oracle:
        answers = oracle.ask({"v401": np.arange(20)}), oracle.ask_windows(windows)
        by_row, by_window = (wait_for_answer(answer) for answer in answers)
    np.testing.assert_array_equal(by_row, by_window)
