"""What is worth knowing of a model: each sentence with its cause and what to do."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from pytest_f07.equivalence.comparison import Equivalence
from pytest_f07.results.audit import DatasetStats, ModelAudit
from pytest_f07.results.identity import ServedModel
from pytest_f07.results.non_finite import EMPTY, KNOWN, UNKNOWN, NonFiniteWindows, WindowKind
from pytest_f07.results.worth_knowing import remarks, which_windows
from tests.unit.small_run import model

SERVED = ServedModel("0" * 64, "0" * 64, [], False)
OWN = DatasetStats(windows=1200, codes=1000, unknown=200, predicted_1=300)
SOUND = ModelAudit("v402", emissions=1200, smallest=0.1, largest=0.9, datasets={"v402": OWN})


def audit(**own: int) -> ModelAudit:
    return replace(SOUND, datasets={"v402": replace(OWN, **own)})


CASES = {
    "nothing": (SOUND, []),
    "never 1": (
        audit(predicted_1=0),
        [
            "it answers 0 to each of the 1,200 windows of its own dataset v402: every score stays below the threshold, "
            "0.5. Move the threshold, or train it again with both labels in balance"
        ],
    ),
    "never 0": (
        audit(predicted_1=1200),
        [
            "it answers 1 to each of the 1,200 windows of its own dataset v402: every score reaches the threshold, "
            "0.5. Move the threshold, or train it again with both labels in balance"
        ],
    ),
    "never 1, for its scores are no numbers": (replace(audit(predicted_1=0, non_finite=1200), non_finite=1200), []),
    "one window": (audit(windows=1, predicted_1=0), []),
    "one score": (
        replace(audit(predicted_1=0), smallest=0.25, largest=0.25),
        ["every window has the same score, 0.25"],
    ),
    "unknown codes": (
        audit(unknown=250),
        [
            "25% of the codes of its own dataset v402 are not in its vocabulary, so it does not see them: train it "
            "again with a vocabulary of this dataset"
        ],
    ),
    "unknown codes elsewhere": (
        replace(SOUND, datasets={"v402": OWN, "v403": DatasetStats(9, 0, 10, 9)}),
        [
            "90% of the codes of dataset v403 are not in its vocabulary, so it does not see them: its answers there "
            "tell little"
        ],
    ),
}


@pytest.mark.parametrize(("audit", "sentences"), CASES.values(), ids=CASES)
def test_the_sentences(audit: ModelAudit, sentences: list[str]) -> None:
    assert remarks(model("a", "v402"), SERVED, audit, Equivalence(0.5)) == sentences


POOLS = replace(SERVED, needs_a_code=True)
AGREEING = Equivalence(0.5, without_number=Counter({"v403": 7}))


def audit_elsewhere(windows: int = 9) -> ModelAudit:
    """Return an audit with seven scores of v403 that are not numbers, two of them of windows without a code."""
    kinds = {
        UNKNOWN: WindowKind(5, 4, "v403 row 4: [90]"),
        EMPTY: WindowKind(2, 7, "v403 row 7: []"),
    }
    return replace(
        SOUND,
        non_finite=8,
        datasets={"v402": replace(OWN, non_finite=1), "v403": DatasetStats(windows, non_finite=7)},
        non_finite_windows={
            "v402": NonFiniteWindows({KNOWN: WindowKind(1, 1, "v402 row 1: [1]")}),
            "v403": NonFiniteWindows(kinds),
        },
    )


def test_scores_elsewhere_that_are_no_numbers_are_told_with_their_windows_cause_and_remedy() -> None:
    assert remarks(model("a", "v402"), POOLS, audit_elsewhere(), AGREEING) == [
        "7 scores of other datasets are not numbers (2 windows without a code, as v403 row 7: []; 5 windows of unknown "
        "codes alone, as v403 row 4: [90]): the model pools over a mask, and a window without a known code leaves "
        "nothing to pool. Train it without mask_zero, or do not ask it about such windows"
    ]


def test_where_no_score_is_a_number_the_windows_tell_nothing() -> None:
    [sentence] = remarks(model("a", "v402"), replace(SERVED, broken_layers=["d"]), audit_elsewhere(7), AGREEING)
    assert sentence.startswith("all 7 scores of other datasets are not numbers: the weights of layer 'd' are NaN or ")


def test_the_windows_of_its_own_dataset_are_told_alone() -> None:
    assert which_windows(audit_elsewhere(), ["v402"]) == " (1 window with codes that it knows, as v402 row 1: [1])"
    assert which_windows(SOUND, ["v402"]) == ""


def test_scores_elsewhere_that_the_oracle_has_are_the_servers_fault() -> None:
    audit = replace(SOUND, non_finite=7, datasets={"v402": OWN, "v403": DatasetStats(9, non_finite=7)})
    [sentence] = remarks(model("a", "v402"), SERVED, audit, Equivalence(0.5, missing=Counter({"v403": 7})))
    assert "the oracle gives a number to 7 of 7 such windows, so the server is wrong there" in sentence
