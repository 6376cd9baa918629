"""What each fixture of own checks gives; whole sessions are in tests/integration/test_own_checks.py."""

from __future__ import annotations

import inspect
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_f07.plugin import own_fixtures
from pytest_f07.results.run_result import RunResult
from tests.unit.small_run import model, run_result
from tests.unit.small_session import passed_verdict, small_session


def call(fixture: Any, *arguments: Any) -> Any:
    """Call a fixture's function, which pytest alone may call by its name."""
    return inspect.unwrap(fixture)(*arguments)


def request(values: dict[str, Any], plugin: Any = None) -> Any:
    config = SimpleNamespace(pluginmanager=SimpleNamespace(get_plugin=lambda name: plugin))
    return SimpleNamespace(fixturenames=list(values), getfixturevalue=values.__getitem__, config=config)


@pytest.fixture
def result(tmp_path: Path) -> RunResult:
    return run_result(tmp_path, {name: passed_verdict(name) for name in ("a", "b")})


def test_a_models_metrics_are_what_metrics_json_holds_of_it(result: RunResult) -> None:
    result.outputs.metrics.mkdir(parents=True)
    result.outputs.metrics_json.write_text(json.dumps({"a": {"TP": 3}, "b": {"TP": 4, "non_finite": None}}))
    metrics = call(own_fixtures.f07_metrics, result, request({"prediction_name": "b"}))
    assert dict(metrics) == {"TP": 4, "non_finite": None}


def test_without_a_model_they_are_all_models(result: RunResult) -> None:
    result.outputs.metrics.mkdir(parents=True)
    result.outputs.metrics_csv.write_text("prediction_name,TP\na,3\nb,4\n")
    metrics = call(own_fixtures.f07_metrics, result, request({}))
    assert metrics.TP.to_dict() == {"a": 3, "b": 4}


def test_nothing_in_a_models_data_can_be_changed(result: RunResult) -> None:
    summary = {"threshold": 0.5, "split_sizes": {"test": [1, 2]}}
    run = replace(result, models=(replace(model("a", "v401"), summary=summary), model("b", "v401")))
    frozen = call(own_fixtures.f07_model, run, "a")
    assert (frozen.prediction_name, frozen.source_f04, frozen.summary["split_sizes"]["test"]) == ("a", "v401", (1, 2))
    with pytest.raises(TypeError):
        frozen.summary["split_sizes"]["test"] = ()


SESSIONS: dict[str, tuple[dict[str, Any], str]] = {
    "no run": ({"plugin": None}, "an own check of pytest-f07"),
    "collects only": ({"collect_only": True}, "nothing is executed"),
    "models were skipped": ({"names": {"m": "a"}}, "no model was judged"),
    "broke": ({"names": {"m": "a"}, "started": True, "broken": "the server died"}, "the run broke: the server died"),
}


@pytest.mark.parametrize(("state", "reason"), SESSIONS.values(), ids=SESSIONS)
def test_where_there_is_no_complete_run_a_check_is_skipped(
    tmp_path: Path, result: RunResult, state: dict[str, Any], reason: str
) -> None:
    session = small_session(tmp_path, collect_only=state.get("collect_only", False))
    session.started = state.get("started", False)
    session.outcomes.expect(state.get("names", {}))
    broken = replace(result, broken=state.get("broken"))
    with pytest.raises(pytest.skip.Exception, match=f"^{reason}"):
        call(own_fixtures._f07_run, request({"f07_result": broken}, state.get("plugin", session)))


@pytest.mark.parametrize("values", [{}, {"prediction_name": "a"}])
def test_where_own_checks_alone_are_selected_the_first_executes_the_run(
    tmp_path: Path, result: RunResult, values: dict[str, Any]
) -> None:
    asked = request({"f07_result": result, **values}, small_session(tmp_path))
    assert call(own_fixtures._f07_run, asked) is result


def test_a_model_that_is_not_there_is_a_mistake_of_the_check(tmp_path: Path, result: RunResult) -> None:
    asked = request({"f07_result": result, "prediction_name": "c"}, small_session(tmp_path))
    with pytest.raises(pytest.fail.Exception, match=r"^there is no model 'c'; there are a, b$"):
        call(own_fixtures._f07_run, asked)
