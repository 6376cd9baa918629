from __future__ import annotations

import pytest

from pytest_f07.results.chart import Chart, Column, line, mark, rule, steps, text


def test_a_line_is_broken_where_there_is_no_value() -> None:
    points = [(0, 1.0), (1, 2.04), (2, None), (3, 4.0), (4, 5.0)]
    assert line(points, "s").attributes["d"] == "M0 1L1 2M3 4L4 5"


def test_the_steps_of_equal_bins_are_one_step_and_end_at_the_base() -> None:
    assert steps([0, 10, 20, 30], [5, 5, 8], 9, "s").attributes["d"] == "M0 9H0V5H20V8H30V9"


@pytest.mark.parametrize(("kind", "tag"), [("circle", "circle"), ("square", "rect"), ("diamond", "path")])
def test_each_kind_of_mark_has_a_shape_of_its_own(kind: str, tag: str) -> None:
    shape = mark(kind, 10, 20, "f07-blue")
    assert (shape.tag, shape.style) == (tag, "f07-blue")


def test_coordinates_have_one_digit_at_most() -> None:
    assert rule(1 / 3, 2.0, 1e3, 0, "s").attributes == {"x1": 0.3, "y1": 2, "x2": 1000, "y2": 0}
    assert text(1 / 3, 2, "<b>", "end").attributes == {"x": 0.3, "y": 2, "text-anchor": "end"}


def test_a_chart_has_as_many_positions_as_values() -> None:
    chart = Chart("t", "d", 10, [], [], [Column("a", [1, 2, 3]), Column("b", [None, 1, 2])], 0, 1)
    assert chart.positions == 3
