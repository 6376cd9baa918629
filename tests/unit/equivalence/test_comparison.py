"""Test the differences between the runtime and the oracle."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pytest_f07.equivalence.comparison import Equivalence
from pytest_f07.equivalence.sampler import RowScores
from pytest_f07.errors import F07Error
from pytest_f07.variant.package import Model
from pytest_f07.variant.params import Params
from pytest_f07.vectorize import Vectorization

MODEL = Model("m", "v501", "v401", Path("m"), 0.7, Vectorization("dense_bow", (1,), 1), "2", {})
NAN = float("nan")


def compare(
    served: list[float],
    oracle: list[float],
    y_pred: list[int] | None = None,
    alone: dict[int, float] | None = None,
    model: Model = MODEL,
) -> Equivalence:
    scores = np.array(served, np.float32)
    preds = (scores >= np.float32(0.7)).astype(np.int8) if y_pred is None else np.array(y_pred, np.int8)
    equivalence = Equivalence()
    equivalence.compare(
        model, RowScores(np.arange(len(served)), preds, scores), np.array(oracle, np.float32), alone or {}
    )
    return equivalence


def test_what_agrees_is_measured() -> None:
    equivalence = compare([0.1, 0.699, 0.9], [0.1, 0.699004, 0.9])
    assert equivalence.fault is None
    row = equivalence.row()
    assert row["equivalence_windows"] == 3
    assert row["equivalence_largest_difference"] == pytest.approx(4e-6, abs=1e-7)
    assert row["equivalence_least_distance"] == pytest.approx(0.000996, abs=1e-6)


@pytest.mark.parametrize(
    ("precision", "differing"),
    [("float32", [True, True, True]), ("float16", [False, True, True]), ("bfloat16", [False, False, True])],
)
def test_half_precision_has_its_own_tolerance(precision: str, differing: list[bool]) -> None:
    model = replace(MODEL, precision=precision)
    differences = [compare([0.7 + apart], [0.7 - 1e-5], model=model).fault is not None for apart in (1e-3, 1e-2, 1e-1)]
    assert differences == differing


def test_nothing_compared_has_no_distance() -> None:
    assert compare([], []).row() == {
        "equivalence_windows": 0,
        "equivalence_largest_difference": 0.0,
        "equivalence_least_distance": None,
    }


def test_a_score_beyond_the_tolerance_is_told_with_its_row() -> None:
    fault = compare([0.1, 0.2, 0.3], [0.1, 0.25, 0.3]).fault
    assert fault == (
        "1 of 3 windows differs by up to 0.05, 0 of them in the label; "
        "the first: v401 row 1: y_prob 0.20000000298023224 in the batch, 0.25 by the oracle"
    )


@pytest.mark.parametrize(
    ("served", "oracle", "y_pred", "flips"),
    [
        (0.7000005, 0.6999995, 1, False),  # a tie
        (0.700004, 0.699998, 1, True),  # within the tolerance, and no tie
        (0.9, 0.9, 0, True),  # the threshold is not what it should be
        (0.7, 0.7, 1, False),
        (0.7, 0.7, 0, False),
    ],
)
def test_a_label_may_flip_only_in_a_tie(served: float, oracle: float, y_pred: int, flips: bool) -> None:
    equivalence = compare([served], [oracle], [y_pred])
    assert bool(equivalence.fault) == flips
    assert equivalence.flipped == flips


def test_a_number_where_the_contract_knows_none_is_a_difference() -> None:
    fault = compare([0.5, 0.6], [0.5, NAN]).fault
    assert fault is not None
    assert fault.endswith("the first: v401 row 1: y_prob 0.6000000238418579 in the batch, no number by the oracle")
    assert compare([NAN], [0.5]).fault is not None
    # what the metadata says of it is a number that JSON knows
    missing = compare([0.5, 0.6], [0.5, 0.6], alone={1: NAN})
    assert missing.row()["equivalence_largest_difference"] == 0.0
    assert missing.fault == (
        "1 of 2 windows differs, 0 of them in the label; "
        "the first: v401 row 1: y_prob nan by /infer, 0.6000000238418579 by the oracle"
    )
    mixed = compare([0.5, 0.25], [0.5, 0.5], alone={0: NAN, 1: NAN})
    assert mixed.row()["equivalence_largest_difference"] == 0.25
    assert compare([0.5], [NAN]).row()["equivalence_least_distance"] is None
    assert compare([NAN, 0.5], [NAN, 0.5]).fault is None


def test_right_scores_at_wrong_rows_are_told_as_such() -> None:
    fault = compare([0.3, 0.1, 0.2, 0.9], [0.1, 0.2, 0.3, 0.9]).fault
    assert fault is not None
    assert "; the scores are right and stand at wrong rows; " in fault
    assert "wrong rows" not in str(compare([0.3, 0.1], [0.1, 0.2]).fault)


def test_the_debugging_route_is_held_against_the_oracle_too() -> None:
    equivalence = compare([0.1, 0.2], [0.1, 0.2], alone={1: 0.4, 5: 0.3})
    assert equivalence.alone == 1
    assert equivalence.fault is not None
    assert equivalence.fault.endswith("v401 row 1: y_prob 0.4 by /infer, 0.20000000298023224 by the oracle")
    assert compare([0.1], [0.1], alone={0: 0.1000001}).fault is None


# -- params.yaml


@pytest.mark.parametrize(("given", "read"), [("sample", "sample"), ("full", "full"), ("off", "off"), (False, "off")])
def test_params_say_what_is_compared_and_a_bare_off_is_off(given: object, read: str) -> None:
    params = Params.parse({"parent_variant_f06": "v601", "equivalence": given}, "params.yaml")
    assert params.equivalence == read
    assert Params.parse(params.document(), "params.yaml") == params


@pytest.mark.parametrize("given", [True, "some", None, 1, ["full"]])
def test_params_refuse_another_equivalence(given: object) -> None:
    with pytest.raises(F07Error) as refusal:
        Params.parse({"parent_variant_f06": "v601", "equivalence": given}, "params.yaml")
    assert str(refusal.value) == f"params.yaml: equivalence is {given!r}; it must be sample, full or off."
