from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pytest_f07.replay.replay import Completion, Timings
from pytest_f07.results.audit import ModelAudit
from pytest_f07.results.metrics import Metrics
from pytest_f07.results.page import DRAWN_REQUESTS, make_page
from pytest_f07.results.run_result import RunResult
from pytest_f07.results.scores import Scores
from pytest_f07.results.verdict import Verdict, broken_verdict
from pytest_f07.results.workers import Workers
from tests.unit.results.comparison.test_history import write_metadata
from tests.unit.small_run import model, run_result

TIMINGS = Timings((Completion(1.0, 0.5, 3), Completion(2.5, 0.5, 1)))
PASSED = Verdict("a", Metrics("a", 3, 4, 1, 2), audit=ModelAudit())
FAILED = broken_verdict("a__b", "no")


def run_of_two(root: Path, *verdicts: Verdict) -> RunResult:
    """Return a run of the models a and a__b of which these are judged."""
    result = run_result(root, {verdict.prediction_name: verdict for verdict in verdicts}, timings=TIMINGS)
    listed = (("a", "v501", "a__m1"), ("a__b", "v502", "a__b__m2"))
    models = (model("a", "v401"), model("a__b", "v402"))
    return replace(result, manifest=replace(result.manifest, listed=listed), models=models)


OUTCOMES = {
    "all passed": ([PASSED, Verdict("a__b")], None, "PASSED", 2),
    "one failed": ([PASSED, FAILED], None, "FAILED", 1),
    "one not judged": ([PASSED], None, "NOT COMPLETE", 1),
    "a note": ([PASSED, Verdict("a__b")], "The session was interrupted.", "NOT COMPLETE", 2),
}


@pytest.mark.parametrize(("verdicts", "note", "outcome", "passed"), OUTCOMES.values(), ids=OUTCOMES)
def test_the_outcome_counts_every_model_of_the_package(
    tmp_path: Path, verdicts: list[Verdict], note: str | None, outcome: str, passed: int
) -> None:
    page = make_page(run_of_two(tmp_path, *verdicts), note)
    assert (page.outcome, page.passed, page.expected) == (outcome, passed, 2)


def test_the_page_shows_the_numbers_of_the_replay(tmp_path: Path) -> None:
    page = make_page(run_of_two(tmp_path, PASSED), None)
    assert (page.requests, page.windows_per_second, page.latency["p50_ms"]) == (2, 2.0, 500.0)
    assert page.pace is None  # two requests are no picture
    assert page.side_by_side is not None
    assert [column.values for column in page.side_by_side.columns[:2]] == [["a"], [0.75]]
    assert page.counts == {"windows": 0, "predictions": 0}


def test_many_requests_are_drawn(tmp_path: Path) -> None:
    many = Timings(TIMINGS.completions * (DRAWN_REQUESTS // 2))
    assert make_page(replace(run_of_two(tmp_path, PASSED), timings=many), None).pace is not None


def test_a_model_without_a_score_that_is_a_number_has_no_mark(tmp_path: Path) -> None:
    scores = Scores(not_numbers=np.array([[3, 0], [1, 0]]))
    blank = Verdict("a__b", Metrics("a__b", tn=3, fn=1), audit=ModelAudit(scores=scores))
    page = make_page(run_of_two(tmp_path, PASSED, blank), None)
    assert page.side_by_side is not None
    assert [column.values for column in page.side_by_side.columns[:3]] == [["a", "a__b"], [0.75, None], [0.6, None]]


def test_the_servers_log_is_shown_where_something_failed(tmp_path: Path) -> None:
    result = run_of_two(tmp_path, PASSED, FAILED)
    result.outputs.runtime.mkdir(parents=True)
    result.outputs.server_log.write_text("ERROR: no\n")
    assert make_page(result, None).log_tail == ["ERROR: no"]
    assert make_page(replace(result, verdicts={"a": PASSED}), None).log_tail == []


def test_a_run_that_broke_has_no_counts(tmp_path: Path) -> None:
    assert make_page(replace(run_of_two(tmp_path, FAILED), broken="no"), None).counts == {}


def test_provenance_names_package_parameters_and_versions(tmp_path: Path) -> None:
    result = run_of_two(tmp_path, PASSED)
    params = replace(result.params, require={"f1": 0.5})
    result = replace(result, params=params, identity={"versions": {"keras": "2.15.0"}})
    provenance = make_page(result, None).provenance
    assert (provenance["variant"], provenance["package"], provenance["sealed"]) == ("v701", "v601", "no")
    assert (provenance["sample_size"], provenance["server keras"]) == ("all rows", "2.15.0")
    assert json.loads(provenance["require"]) == {"f1": 0.5}
    assert "client pyarrow" in provenance
    assert "workers" not in provenance
    spread = replace(result, workers=Workers(2, {"Xeon": 2}, 1, {}))
    assert make_page(spread, None).provenance["workers"] == "2 (2 × Xeon)"


def test_provenance_names_the_keras_that_saved_each_model(tmp_path: Path) -> None:
    result = run_of_two(tmp_path, PASSED)
    first, second = (replace(each, keras_version="2.15.0") for each in result.models)
    assert make_page(replace(result, models=(first, second)), None).provenance["models saved by"] == (
        "Keras 2.15.0 (a, a__b)"
    )
    newer = replace(second, keras_version="3.15.1" + "x" * 99)
    assert make_page(replace(result, models=(first, newer)), None).provenance["models saved by"] == (
        "Keras 2.15.0 (a); Keras 3.15.1xxxxxxxxxxxxxx (a__b)"
    )


def test_the_runs_before_this_one_are_its_history(tmp_path: Path) -> None:
    result = run_of_two(tmp_path, PASSED, FAILED)
    assert make_page(result, None).history == {}
    write_metadata(result.manifest.project, "v700", "2026-01-01T10:00:00+00:00")
    history = make_page(result, None).history
    assert {name: [entry.variant for entry in entries] for name, entries in history.items()} == {"a": ["v700", "v701"]}
    assert make_page(replace(result, broken="no"), None).history == {}
