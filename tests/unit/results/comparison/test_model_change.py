from __future__ import annotations

import numpy as np
import pytest

from pytest_f07.results.comparison.changes import changes_of
from pytest_f07.results.comparison.model_change import Change, ModelChange
from pytest_f07.results.comparison.pairs import Pairs


def test_the_sentences_of_a_model() -> None:
    counts = [[100, 0, 0, 2, 5, 1, 0, 9]] * 31 + [[100, 0, 0, 2, 5, 0, 1, 9]] * 27
    pairs = Pairs("v401", 60, np.array(counts, np.int64))
    about, outcomes = ["threshold 0.5 then, 0.51 now"], ["fixed: F07-REQUIRED"]
    change = ModelChange("a", [], [], pairs=pairs, changes=changes_of(pairs), about=about, outcomes=outcomes)
    assert change.sentences[:4] == [
        "Threshold 0.5 then, 0.51 now.",
        "Fixed: F07-REQUIRED.",
        "6,786 common rows: 31 fixed, 27 newly wrong, 406 still wrong.",
        "Recall: 0.6310 then, 0.6356 now, +0.0046 (-0.0127 to +0.0219): no evidence of a change (p = 0.69; 31 rows "
        "flipped to right, 27 to wrong).",
    ]


def test_a_model_without_a_common_row_is_not_comparable() -> None:
    assert ModelChange("a", [], []).sentences == [
        "Model file, threshold, vocabulary, Keras and dataset are the same.",
        "Not comparable: no labelled row of its own dataset is common.",
    ]


@pytest.mark.parametrize(
    ("then", "now", "difference"), [(0.5, 0.75, 0.25), (3, 1, -2), (None, 0.5, None), (0.5, None, None)]
)
def test_what_is_undefined_has_no_difference(then: float | None, now: float | None, difference: float | None) -> None:
    assert Change("precision", then, now).difference == difference
