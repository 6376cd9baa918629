from __future__ import annotations

from benchmarks.tables import table, times


def test_a_table_is_markdown_whose_columns_stand_below_each_other() -> None:
    assert table(["package", "run, s"], [["demo", "6.4"], ["the real v601", "10.25"]]) == [
        "| package       | run, s |",
        "| ------------- | -----: |",
        "| demo          |    6.4 |",
        "| the real v601 |  10.25 |",
    ]


def test_a_value_stands_with_how_many_times_the_first_it_is() -> None:
    assert times(1200, 800, ",.0f") == "1,200 (1.50 ×)"
