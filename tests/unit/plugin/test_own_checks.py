"""What is noted of own checks; whole sessions are in tests/integration/test_own_checks.py."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_f07.plugin.own_checks import OwnCheckItems
from pytest_f07.results.own_checks import OwnCheck

FOLDER = Path("/plant/tests/f07")
MODEL, OWN, FOREIGN = "manifest.json::t[a]", "tests/f07/test_a.py::t", "tests/test_host.py::t"


def item(node_id: str, folder: Path = FOLDER) -> Any:
    return SimpleNamespace(nodeid=node_id, path=folder / "test_a.py", user_properties=[])


def report(node_id: str, when: Any, outcome: Any, longrepr: Any = None, **extra: Any) -> pytest.TestReport:
    return pytest.TestReport(node_id, ("t.py", 1, "t"), {}, outcome, longrepr, when, **extra)


def collected(*others: str, lf: bool = False, deselect: int = 0) -> OwnCheckItems:
    """Return the checks of a session that has collected a model, a test of the host, and these."""
    checks = OwnCheckItems((FOLDER,), {}, ["a"])
    items = [item(MODEL, Path("/plant/executions")), item(FOREIGN, Path("/plant/tests")), *map(item, others)]
    config: Any = SimpleNamespace(option=SimpleNamespace(lf=lf))
    hook = checks.pytest_collection_modifyitems(config, items)
    next(hook)
    checks.select(items[: len(items) - deselect], {MODEL})
    return checks


SKIP = ("t.py", 1, "Skipped: no wind")
ENDINGS = {
    "passed": ([report(OWN, "setup", "passed"), report(OWN, "call", "passed")], OwnCheck(OWN, "passed")),
    "failed": ([report(OWN, "call", "failed", "E  assert 0")], OwnCheck(OWN, "failed", "assert 0")),
    "an error at its end": (
        [report(OWN, "call", "passed"), report(OWN, "teardown", "failed", "E  OSError")],
        OwnCheck(OWN, "failed", "OSError"),
    ),
    "the first reason stays": (
        [report(OWN, "call", "failed", "E  first"), report(OWN, "teardown", "failed", "E  second")],
        OwnCheck(OWN, "failed", "first"),
    ),
    "skipped": (
        [report(OWN, "setup", "skipped", SKIP), report(OWN, "teardown", "passed")],
        OwnCheck(OWN, "skipped", "skipped: no wind"),
    ),
    "xpassed": ([report(OWN, "call", "passed", wasxfail="known")], OwnCheck(OWN, "skipped", "xfail: known")),
    "somebody else's that failed": ([report(FOREIGN, "call", "failed", "E  x")], OwnCheck(FOREIGN, "failed", "x")),
    "somebody else's that passed": ([report(FOREIGN, "call", "passed")], None),
    "somebody else's that was skipped": ([report(FOREIGN, "setup", "skipped", SKIP)], None),
    "a model's": ([report(MODEL, "call", "failed", "E  x")], None),
}


@pytest.mark.parametrize(("reports", "check"), ENDINGS.values(), ids=ENDINGS)
def test_the_worst_phase_of_a_check_is_its_outcome(reports: list[pytest.TestReport], check: OwnCheck | None) -> None:
    checks = collected(OWN)
    for entry in reports:
        checks.pytest_runtest_logreport(entry)
    assert checks.outcomes.checks == ((check,) if check else ())
    reason = check.reason if check and check.outcome == "skipped" else ""
    assert checks.skipped_text == (f"1 of 1 own checks was not judged ({reason})." if reason else "")


def test_a_check_that_is_selected_is_marked_for_junit() -> None:
    checks, own, host = OwnCheckItems((FOLDER,)), item(OWN), item(FOREIGN, Path("/plant/tests"))
    checks.select([own, host], ())
    assert (own.user_properties, host.user_properties) == ([("own_check", OWN)], [])


@pytest.mark.parametrize(
    ("deselect", "lf", "all_selected", "text"),
    [(0, False, True, ""), (1, False, False, " and 1 of 2 own checks"), (0, True, False, " and 2 of 2 own checks")],
)
def test_where_checks_are_left_out_not_all_are_selected(deselect: int, lf: bool, all_selected: bool, text: str) -> None:
    checks = collected(OWN, f"{OWN}2", deselect=deselect, lf=lf)
    assert (checks.all_selected, checks.selection_text) == (all_selected, text)


def test_paths_in_which_nothing_was_collected_are_a_mistake() -> None:
    with pytest.raises(pytest.UsageError, match=r"^no test was collected from the own checks in /plant/tests/f07\. "):
        collected().require_any()
    collected(lf=True).require_any()
    OwnCheckItems().require_any()


@pytest.mark.parametrize(
    ("fixtures", "argnames", "folder", "parametrized"),
    [
        (["prediction_name"], None, FOLDER, True),
        (["f07_metrics"], None, FOLDER, False),
        (["prediction_name"], "prediction_name, limit", FOLDER, False),
        (["prediction_name"], ["prediction_name"], FOLDER, False),
        (["prediction_name"], "limit", FOLDER, True),
        (["prediction_name"], None, Path("/plant/tests"), False),
    ],
)
def test_a_check_is_run_for_each_model_where_it_asks_for_one_and_names_none(
    fixtures: list[str], argnames: Any, folder: Path, parametrized: bool
) -> None:
    marks = [SimpleNamespace(args=(argnames, ["a"]))] if argnames else []
    calls: list[Any] = []
    definition = SimpleNamespace(path=folder / "test_a.py", iter_markers=lambda name: marks)
    metafunc: Any = SimpleNamespace(
        definition=definition, fixturenames=fixtures, parametrize=lambda *arguments: calls.append(arguments)
    )
    OwnCheckItems((FOLDER,), {}, ["a", "b"]).pytest_generate_tests(metafunc)
    assert calls == ([("prediction_name", ["a", "b"])] if parametrized else [])
