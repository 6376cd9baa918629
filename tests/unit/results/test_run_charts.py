from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pytest_f07.results.agreement import Agreement
from pytest_f07.results.chart import WIDTH, Chart
from pytest_f07.results.figures import ComparisonPoint
from pytest_f07.results.formulas import Counts
from pytest_f07.results.run_charts import SIDE, describe_base_rates, describe_models, describe_pace

AGREEMENT = Agreement(0.729, 0.1, (0.067, 0.131), 0.101, (0.093, 0.111), Counts(70, 195, 26, 29), 0.018)


def at(share: float) -> Any:
    return pytest.approx(SIDE + share * (WIDTH - 2 * SIDE), abs=0.1)


def told(chart: Chart, position: int) -> dict[str, object]:
    return {column.title: column.values[position] for column in chart.columns}


def test_each_model_has_its_metrics_and_those_that_f05_measured() -> None:
    here = {"precision": 0.75, "recall": 0.6, "f1": 0.6667}
    chart = describe_models([ComparisonPoint("a", here, {"precision": 0.5}), ComparisonPoint("b", {"recall": 0.0}, {})])
    circles = [(shape.style, shape.attributes["cx"]) for shape in chart.shapes if shape.tag == "circle"]
    assert circles == [("f07-blue f07-hollow", at(0.5)), ("f07-blue", at(0.75))]
    assert told(chart, 0) == {
        "model": "a",
        "precision": 0.75,
        "recall": 0.6,
        "F1": 0.6667,
        "F05's precision": 0.5,
        "F05's recall": None,
        "F05's F1": None,
    }
    assert (told(chart, 1)["precision"], told(chart, 1)["recall"]) == (None, 0.0)


def test_f05s_precision_stands_beside_what_it_is_here() -> None:
    chart = describe_base_rates({"a": AGREEMENT, "b": replace(AGREEMENT, measured=None)})
    assert told(chart, 0) == {
        "model": "a",
        "F05 says": "0.729",
        "at the base rate here": "0.100 (0.067 to 0.131)",
        "here": "0.101 (0.093 to 0.111)",
    }
    assert told(chart, 1)["here"] is None
    assert [shape.attributes["cx"] for shape in chart.shapes if shape.tag == "circle"] == [at(0.101)]


def test_the_pace_shows_windows_a_second_and_milliseconds() -> None:
    # Two seconds of eight answers each: 10 windows in 0.1 s, then 30 in 0.2 s, one of them in 0.7 s.
    requests = [(second / 8, 10, 0.1) for second in range(1, 9)]
    requests += [(1 + second / 8, 30, 0.7 if second == 3 else 0.2) for second in range(1, 9)]
    chart = describe_pace(requests)
    assert [told(chart, 0), told(chart, 1)] == [
        {"until s": "1.00", "windows a second": "80", "median ms": "100.0", "slowest ms": "100.0"},
        {"until s": "2.00", "windows a second": "240", "median ms": "200.0", "slowest ms": "700.0"},
    ]


@pytest.mark.parametrize("requests", [[(0.0, 1, 0.0)], [(0.5, 256, 0.01), (1.0, 256, 0.02), (1.5, 3, 0.01)] * 30])
def test_any_replay_has_a_pace(requests: list[tuple[float, int, float]]) -> None:
    assert describe_pace(requests).shapes
