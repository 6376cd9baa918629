"""F05's precision and the runtime's, at one base rate: the numbers and sentences of the package v601 and v603."""

from __future__ import annotations

import pytest

from pytest_f07.results.agreement import Agreement, compare_with_f05, describe_training
from pytest_f07.results.f05 import F05
from pytest_f07.results.formulas import Counts

# [[TN, FP], [FN, TP]] of F05's test split; TP, TN, FP, FN here; the sentence.
CASES = {
    "v601 battery": (
        [[195, 26], [29, 70]],
        Counts(455, 29652, 4029, 169),
        "agree",
        "Precision is 0.101 here (0.093 to 0.111). F05's test gave 0.729; with 1.8% of the windows labelled 1, as "
        "here, it would give 0.100 (0.067 to 0.131). The two agree: only the share labelled 1 makes the difference.",
    ),
    "v601 ge": (
        [[286, 33], [40, 181]],
        Counts(1335, 29453, 3252, 265),
        "agree",
        "Precision is 0.291 here (0.278 to 0.304). F05's test gave 0.846; with 4.7% of the windows labelled 1, as "
        "here, it would give 0.279 (0.211 to 0.336). The two agree: only the share labelled 1 makes the difference.",
    ),
    "v601 building": (
        [[5063, 1], [81, 2]],
        Counts(50, 33773, 6, 476),
        "open",
        "Precision is 0.893 here (0.785 to 0.950). F05's test gave 0.667; with 1.5% of the windows labelled 1, as "
        "here, it would give 0.655 (0.214 to 0.845). F05's test of 5,147 windows, 83 labelled 1 and 3 predicted 1, "
        "is too small to tell whether the two agree.",
    ),
    "v601 pvpcs": (
        [[157, 0], [89, 0]],
        Counts(0, 33673, 0, 632),
        "open",
        "F05 predicted 1 nowhere on its test split of 246 windows, so its test says nothing of the precision here.",
    ),
    "v603": (
        [[83, 3], [4, 6]],
        Counts(43, 562, 8, 27),
        "open",
        "Precision is 0.843 here (0.720 to 0.918). F05's test gave 0.667; with 10.9% of the windows labelled 1, as "
        "here, it would give 0.679 (0.327 to 0.772). F05's test of 96 windows, 10 labelled 1 and 9 predicted 1, is "
        "too small to tell whether the two agree.",
    ),
    "never 1 here": (
        [[195, 26], [29, 70]],
        Counts(0, 900, 0, 100),
        "open",
        "Nothing was predicted 1 here, so precision is undefined. F05's test gave 0.729; with 10.0% of the windows "
        "labelled 1, as here, it would give 0.400 (0.302 to 0.475).",
    ),
    "a base rate like the split's": (
        [[195, 26], [29, 70]],
        Counts(69, 195, 25, 29),
        "agree",
        "Precision is 0.734 here (0.637 to 0.813). F05's test gave 0.729; with 30.8% of the windows labelled 1, as "
        "here, it would give 0.728 (0.634 to 0.784). The two agree.",
    ),
    "another model": (
        [[195, 26], [29, 70]],
        Counts(90, 890, 10, 10),
        "disagree",
        "Precision is 0.900 here (0.826 to 0.945). F05's test gave 0.729; with 10.0% of the windows labelled 1, as "
        "here, it would give 0.400 (0.302 to 0.475). The two disagree, and the share labelled 1 does not explain it.",
    ),
    "another model, a small split": (
        [[12, 4], [3, 2]],
        Counts(900, 8900, 100, 100),
        "disagree",
        "Precision is 0.900 here (0.880 to 0.917). F05's test gave 0.333; with 10.0% of the windows labelled 1, as "
        "here, it would give 0.151 (0.057 to 0.310). The two disagree, and the share labelled 1 does not explain it."
        " F05's test of 21 windows, 5 labelled 1 and 6 predicted 1, is small.",
    ),
}


def agreement(matrix: list[list[int]], counts: Counts) -> Agreement:
    result = compare_with_f05(F05.from_summary({"test_metrics": {"confusion_matrix": matrix}}), counts)
    assert result is not None
    return result


@pytest.mark.parametrize(("matrix", "counts", "outcome", "sentence"), CASES.values(), ids=CASES)
def test_the_sentence(matrix: list[list[int]], counts: Counts, outcome: str, sentence: str) -> None:
    result = agreement(matrix, counts)
    assert (result.outcome, result.sentence) == (outcome, sentence)
    assert result.document()["sentence"] == sentence


@pytest.mark.parametrize("counts", [Counts(), Counts(tn=9, fp=1), Counts(tp=9, fn=1)])
def test_without_both_labels_there_is_no_comparison(counts: Counts) -> None:
    f05 = F05.from_summary({"test_metrics": {"confusion_matrix": [[195, 26], [29, 70]]}})
    assert compare_with_f05(f05, counts) is None
    assert compare_with_f05(F05(), Counts(1, 1, 1, 1)) is None


@pytest.mark.parametrize(
    ("split", "rows", "sentence"),
    [
        ({}, 9, ""),
        ({"train": 10}, 9, ""),
        ({"train": 0}, 9, ""),
        (
            {"train": 24013, "val": 5145, "test": 5147},
            34305,
            "F05 trained it on 24,013 windows, 70.0% of the labelled rows here (which ones, the package does not say): "
            "of those, the metrics here say how well it remembers.",
        ),
    ],
)
def test_what_part_it_was_trained_on(split: dict[str, int], rows: int, sentence: str) -> None:
    assert describe_training(F05(split=split), rows) == sentence


@pytest.mark.parametrize(
    ("counts", "ending"),
    [
        (
            Counts(90, 890, 10, 10),
            "does not explain it. The model was trained on 70.0% of these rows, and may remember them.",
        ),
        (Counts(10, 800, 100, 90), "does not explain it."),  # one that is worse here does not remember
    ],
)
def test_a_model_that_is_better_on_rows_it_was_trained_on_may_remember_them(counts: Counts, ending: str) -> None:
    summary = {"test_metrics": {"confusion_matrix": [[195, 26], [29, 70]]}, "split_sizes": {"train": 700}}
    result = compare_with_f05(F05.from_summary(summary), counts)
    assert result is not None
    assert result.sentence.endswith(ending)
