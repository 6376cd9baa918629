"""The gate: each sentence of a model that is worse than allowed, and the cases that are allowed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pytest_f07.results.comparison.changes import changes_of
from pytest_f07.results.comparison.compare import Comparison
from pytest_f07.results.comparison.flips import Flip, Flips
from pytest_f07.results.comparison.gate import add_worse
from pytest_f07.results.comparison.model_change import ModelChange
from pytest_f07.results.comparison.pairs import Pairs
from pytest_f07.results.verdict import Verdict
from pytest_f07.variant.requirements import Requirements

# Cells of a block: label 0 with predictions 00, 01, 10, 11 (then, now), then label 1 likewise.
WORSE = [[90, 0, 0, 20, 5, 0, 1, 15]] * 40
NOISE = [[100, 0, 0, 2, 5, 1, 0, 9]] * 27 + [[100, 0, 0, 2, 5, 0, 1, 9]] * 31
NEVER_1_NOW = [[90, 0, 9, 0, 5, 0, 5, 0]] * 20
FLIPS = Flips(640, 2, 1, [Flip("v401", 1200, "[1]", 0.4, 0.6)])
LABELS_FLIPPED = Flips(640, 2, 1, [Flip("v401", 1200, "[1]", float("nan"), 0.6)])


def model(name: str, cells: list[list[int]], flips: Flips | None = None) -> ModelChange:
    pairs = Pairs("v401", 60, np.array(cells, np.int64))
    return ModelChange(name, [], [], flips or Flips(), pairs, changes_of(pairs))


def failures(require: dict[str, Any], *models: ModelChange, notes: tuple[str, ...] = ()) -> list[str]:
    """Return the failures of the models, after a run is held against v700."""
    verdicts = {change.prediction_name: Verdict(change.prediction_name) for change in models} or {"a": Verdict("a")}
    add_worse(Requirements.parse(require), {"v700": Comparison("v700", "v601", "2026", [*models], [*notes])}, verdicts)
    return [f"{failure.code} {failure.sentence}" for verdict in verdicts.values() for failure in verdict.failures]


SENTENCES = {
    "a fall": (
        {"recall": {"not_below": "v700", "by": 0.01}},
        model("a", WORSE),
        [
            "F07-WORSE its recall fell by 0.0476 since v700, from 0.7619 to 0.7143, on 5,240 common rows; params.yaml "
            "requires recall: {not_below: v700, by: 0.01}. 40 rows flipped to wrong, 0 to right."
        ],
    ),
    "a fall that is no noise": (
        {"recall": {"not_below": "v700"}, "significance": 0.05},
        model("a", WORSE),
        [
            "F07-WORSE its recall fell by 0.0476 since v700, from 0.7619 to 0.7143 (p < 0.001 by Holm), on 5,240 "
            "common rows; params.yaml requires recall: {not_below: v700}. 40 rows flipped to wrong, 0 to right."
        ],
    ),
    "a fall that is allowed": ({"recall": {"not_below": "v700", "by": 0.05}}, model("a", WORSE), []),
    "a fall that may be noise": ({"recall": {"not_below": "v700"}, "significance": 0.05}, model("a", NOISE), []),
    "a fall that may be noise, where every fall counts": (
        {"recall": {"not_below": "v700"}},
        model("a", NOISE),
        [
            "F07-WORSE its recall fell by 0.0046 since v700, from 0.6356 to 0.6310, on 6,786 common rows; params.yaml "
            "requires recall: {not_below: v700}. 31 rows flipped to wrong, 27 to right."
        ],
    ),
    "a rise": ({"precision": {"not_below": "v700"}}, model("a", [[90, 0, 9, 1, 5, 0, 0, 9]] * 12), []),
    "a fall to nothing": (
        {"precision": {"not_below": "v700"}},
        model("a", NEVER_1_NOW),
        [
            "F07-WORSE its precision was 0.3571 in v700 and is undefined, on 2,180 common rows; params.yaml requires "
            "precision: {not_below: v700}."
        ],
    ),
    "nothing to fall from": (
        {"precision": {"not_below": "v700"}},
        model("a", [[90, 9, 0, 0, 5, 5, 0, 0]] * 12),
        [],
    ),
    "few blocks": (
        {"f1": {"not_below": "v700"}, "significance": 0.05},
        model("a", WORSE[:9]),
        [
            "F07-WORSE its F1 fell by 0.0257 since v700, from 0.5614 to 0.5357 (too few blocks of rows to tell it from "
            "noise), on 1,179 common rows; params.yaml requires f1: {not_below: v700}. 9 rows flipped to wrong, 0 to "
            "right."
        ],
    ),
    "flips": (
        {"flips": {"at_most": 2, "since": "v700"}},
        model("a", NOISE, FLIPS),
        [
            "F07-WORSE 3 of 640 predictions have flipped since v700, 2 to 1 and 1 to 0; params.yaml requires flips: "
            "{at_most: 2, since: v700}. The furthest: v401 row 1,200, 0.4000 then and 0.6000 now."
        ],
    ),
    "flips of labels alone": (
        {"flips": {"at_most": 2, "since": "v700"}},
        model("a", NOISE, LABELS_FLIPPED),
        [
            "F07-WORSE 3 of 640 predictions have flipped since v700, 2 to 1 and 1 to 0; params.yaml requires flips: "
            "{at_most: 2, since: v700}. One of them: v401 row 1,200."
        ],
    ),
    "flips that are allowed": ({"flips": {"at_most": 3, "since": "v700"}}, model("a", NOISE, FLIPS), []),
    "flips of nothing": (
        {"flips": {"at_most": 3, "since": "v700"}},
        ModelChange("a", [], []),
        [
            "F07-WORSE it cannot be compared with v700: no row is common; params.yaml requires flips: {at_most: 3, "
            "since: v700}. Name a run on the same dataset."
        ],
    ),
    "a rule of another model": ({"models": {"b": {"recall": {"not_below": "v700"}}}}, model("a", WORSE), []),
    "an absolute rule": ({"recall": 0.99, "f1": {"at_least": 0.99}}, model("a", WORSE), []),
}


@pytest.mark.parametrize(("require", "change", "sentences"), SENTENCES.values(), ids=SENTENCES)
def test_the_sentences(require: dict[str, Any], change: ModelChange, sentences: list[str]) -> None:
    assert failures(require, change) == sentences


def test_a_model_that_was_not_in_the_earlier_run_says_why() -> None:
    assert failures({"recall": {"not_below": "v700"}}, notes=("a was not in v700.",)) == [
        "F07-WORSE it cannot be compared with v700: no row is common (a was not in v700); params.yaml requires recall: "
        "{not_below: v700}. Name a run on the same dataset."
    ]


def test_many_rules_ask_more_of_each() -> None:
    """One fall with p = 0.02 counts alone, and not among twenty rules (Holm)."""
    fall = [[100, 0, 0, 2, 5, 0, 1, 9]] * 13 + [[100, 0, 0, 2, 5, 1, 0, 9]] * 3
    require = {"recall": {"not_below": "v700"}, "significance": 0.05}
    assert len(failures(require, model("a", fall))) == 1
    same = [model(f"m{number}", [[100, 0, 0, 2, 5, 0, 0, 9]] * 16) for number in range(19)]
    assert failures(require, model("a", fall), *same) == []


def test_a_large_fall_in_few_blocks_passes_with_a_warning() -> None:
    few = [[100, 0, 0, 2, 5, 0, 11, 0]] * 4 + [[100, 0, 0, 2, 5, 0, 0, 9]] * 8
    verdicts = {"a": Verdict("a")}
    comparison = Comparison("v700", "v601", "2026", [model("a", few)])
    require = {"recall": {"not_below": "v700"}, "significance": 0.05}
    add_worse(Requirements.parse(require), {"v700": comparison}, verdicts)
    assert verdicts["a"].failures == []
    assert verdicts["a"].warnings == [
        "its recall fell from 0.6591 to 0.4091 since v700, and passes, for all flips lie in 4 blocks of rows (p = "
        "0.12 by Holm); leave significance out of require, and every fall counts"
    ]
    assert len(failures({"recall": {"not_below": "v700"}}, model("a", few))) == 1
