"""Which windows have scores that are not numbers, against plain loops."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given, settings

from pytest_f07.results.non_finite import EMPTY, KNOWN, UNKNOWN, NonFiniteWindows
from tests.unit.small_run import runs, write_run


def kind_of(window: list[int], vocabulary: tuple[int, ...]) -> str:
    if not window:
        return EMPTY
    return KNOWN if any(code in vocabulary for code in window) else UNKNOWN


@settings(max_examples=60, derandomize=True, deadline=None)
@given(runs())
def test_kinds_and_first_examples_are_those_of_plain_loops(drawn: dict[str, Any]) -> None:
    with write_run(drawn) as run:
        counts = run.count()
        for column, model in enumerate(run.models):
            vocabulary = model.vectorization.vocabulary
            numbers: Counter[tuple[str, str]] = Counter()
            firsts: dict[tuple[str, str], str] = {}
            for source, answers in run.answers.items():
                for row, scores in enumerate(answers):
                    window = run.rows[source][row][0]
                    if math.isnan(scores[column][1]):
                        key = source, kind_of(window, vocabulary)
                        numbers[key] += 1
                        firsts.setdefault(key, f"{source} row {row}: [{','.join(map(str, window))}]")
            audit = counts.audits[model.prediction_name]
            assert {
                (source, kind): (each.windows, each.example)
                for source, windows in audit.non_finite_windows.items()
                for kind, each in windows.kinds.items()
            } == {key: (number, firsts[key]) for key, number in numbers.items()}


def windows(dataset: str, first_row: int, *codes: list[int]) -> NonFiniteWindows:
    kinds = NonFiniteWindows()
    rows = np.arange(first_row, first_row + len(codes))
    kinds.add(dataset, rows, pa.array(codes, pa.list_(pa.int64())), np.array([1, 5], np.int64))
    return kinds


def test_the_text_has_the_kinds_in_order_each_with_its_first() -> None:
    kinds = NonFiniteWindows.of([windows("v401", 1000, [5, 90], [], []), windows("v402", 3, [90], [90, 91], [])])
    assert kinds.text == (
        "3 windows without a code, as v401 row 1,001: []; 2 windows of unknown codes alone, as v402 row 3: [90]; "
        "1 window with codes that it knows, as v401 row 1,000: [5,90]"
    )
    assert (kinds.without_known_code, kinds.with_known_code) == (5, 1)
    assert (NonFiniteWindows().text, NonFiniteWindows().without_known_code) == ("", 0)
