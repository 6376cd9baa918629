"""Test the values that follow from a run's result."""

from __future__ import annotations

from pathlib import Path

from pytest_f07.results.verdict import Verdict, broken_verdict
from tests.unit.small_run import run_result

UNSEALED = (
    "the manifest of v701 is not sealed (an older tool made it): nobody can tell whether the package is the one it was "
    "made of"
)


def test_a_manifest_without_a_seal_is_the_first_warning(tmp_path: Path) -> None:
    result = run_result(tmp_path, {"a": Verdict("a", warnings=["one score for all"])})
    assert result.warnings == [UNSEALED, "a: one score for all"]
    assert (result.variant, result.package) == ("v701", "v601")


def test_a_run_that_broke_shows_the_last_lines_of_the_servers_log(tmp_path: Path) -> None:
    result = run_result(tmp_path, {"a": broken_verdict("a", "the server died")}, broken="the server died")
    assert result.log_tail == []
    result.outputs.runtime.mkdir(parents=True)
    result.outputs.server_log.write_text("".join(f"line {number}\n" for number in range(100)))
    assert result.log_tail[-1] == "line 99"
    assert len(result.log_tail) == 15


def test_what_contradicts_itself_in_the_package_comes_before_the_models(tmp_path: Path) -> None:
    result = run_result(tmp_path, {"a": Verdict("a", warnings=["one score for all"])}, incoherences=("two in one",))
    assert result.warnings == [UNSEALED, "two in one", "a: one score for all"]
