"""Where three ways to compute a model part, and the sentences on it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pytest_f07.results.explanation import Explanation

NAN = float("nan")


def explanation(
    layers: list[tuple[list[float], list[float], list[float]]], codes: list[int] | None = None
) -> Explanation:
    """Return the explanation of layers, each with its output by the graph, eagerly and without oneDNN."""
    codes = [1, 5, 90] if codes is None else codes
    arrays: dict[str, Any] = {
        "input": np.array([1, 1, 0], np.float32),
        "layers": np.array([f"layer_{number} (Dense)" for number in range(len(layers))]),
        "codes": np.array(codes, np.int64),
        "without": np.array([0.25, 0.75, 0.5][: len(codes)], np.float32),
    }
    plain: dict[str, Any] = {}
    for number, (graph, eager, without) in enumerate(layers):
        arrays |= {f"graph_{number}": np.array(graph, np.float32), f"eager_{number}": np.array(eager, np.float32)}
        plain[f"graph_{number}"] = np.array(without, np.float32)
    return Explanation.of(codes, [1, 5, 7], arrays, plain, 1e-5)


SAME = ([1.0, 2.0], [1.0, 2.0], [1.0, 2.0])
SCORE = ([0.5], [0.5], [0.5])
SENTENCES = {
    "the same": ([SAME, SCORE], "They agree within 1e-05 in every layer."),
    "last bits": ([SAME, ([0.5], [0.5 + 1e-6], [0.5])], "They agree within 1e-05 in every layer."),
    "other numbers": (
        [SAME, ([1.0, 3.0], [1.0, 3.5], [1.0, 3.0]), ([0.5], [0.53], [0.5])],
        "They differ first at layer_1 (Dense), by 0.5. The scores differ by 0.03: a tolerance of 3e-02 would pass.",
    ),
    "other numbers, one score": (
        [([1.0, 3.0], [1.0, 3.5], [1.0, 3.0]), SCORE],
        "They differ first at layer_0 (Dense), by 0.5. The scores differ by 0: any tolerance would pass.",
    ),
    "a number that hides what is none": (
        [([NAN, NAN], [NAN, NAN], [NAN, NAN]), ([0.0, 0.0], [NAN, NAN], [NAN, NAN]), ([0.41], [NAN], [NAN])],
        "They differ first at layer_1 (Dense), in what is not a number: 0 by the server's graph, 2 eagerly, 2 without "
        "oneDNN. Only some of them give a number as the score, so no tolerance passes.",
    ),
    "no number in any way": (
        [SAME, ([NAN, 1.0],) * 3, ([NAN],) * 3],
        "No way gives a number as the score; the first value that is none comes out of layer_1 (Dense).",
    ),
}


@pytest.mark.parametrize(("layers", "sentence"), SENTENCES.values(), ids=SENTENCES)
def test_the_sentence(layers: list[tuple[list[float], list[float], list[float]]], sentence: str) -> None:
    assert explanation(layers).sentence == sentence


def test_the_lines_mark_unknown_codes_and_order_codes_by_what_they_change() -> None:
    assert list(explanation([SAME, SCORE]).lines()) == [
        "window: 3 codes, 1 of them unknown, in brackets: 1 5 (90)",
        "input: 1 1 0",
        "  LAYER            OUTPUT  LARGEST DIFFERENCE  NaN BY GRAPH  NaN EAGERLY  NaN WITHOUT oneDNN",
        "  layer_0 (Dense)       2                   0             –            –                   –",
        "  layer_1 (Dense)       1                   0             –            –                   –",
        "score: 0.5 by the server's graph, 0.5 eagerly, 0.5 without oneDNN",
        "They agree within 1e-05 in every layer.",
        "The score without each code, however often it occurs (by the server's graph; codes also act together):",
        "  CODE     SCORE     CHANGE",
        "  1     0.250000  -0.250000",
        "  5     0.750000  +0.250000",
        "  90    0.500000  +0.000000",
    ]


def test_a_code_without_which_there_is_no_score_comes_last() -> None:
    explained = explanation([SAME, SCORE])
    without = {1: NAN, 5: 0.75, 90: 0.5}
    lines = list(replace(explained, without=without).lines())
    assert [line.split() for line in lines[-3:]] == [
        ["5", "0.750000", "+0.250000"],
        ["90", "0.500000", "+0.000000"],
        ["1", "none", "–"],
    ]


def test_an_empty_window_has_no_codes_to_leave_out() -> None:
    lines = list(explanation([SCORE], []).lines())
    assert lines[0] == "window: 0 codes: –"
    assert lines[-1] == "They agree within 1e-05 in every layer."
