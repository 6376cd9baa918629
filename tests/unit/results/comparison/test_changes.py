"""The change of each metric: counts by plain loops, tests of SciPy's, and the sentences as people read them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.stats import binomtest

from pytest_f07.results.comparison.changes import MetricChange, changes_of, p_text
from pytest_f07.results.comparison.model_change import ModelChange
from pytest_f07.results.comparison.pairs import CELLS, Pairs
from pytest_f07.windows import Int64Array
from tests import plain_comparison


def pairs_of(counts: list[list[int]] | Int64Array) -> Pairs:
    return Pairs("v401", 60, np.array(counts, np.int64))


def changes(counts: list[list[int]] | Int64Array) -> dict[str, MetricChange]:
    return {change.key: change for change in changes_of(pairs_of(counts))}


# Cells: label 0 with predictions 00, 01, 10, 11 (then, now), then label 1 likewise.
SINGLE = [[100, 0, 0, 2, 5, 1, 0, 9]] * 31 + [[100, 0, 0, 2, 5, 0, 1, 9]] * 27
RUNS = [[100, 0, 0, 2, 5, 4, 0, 9]] * 9 + [[100, 0, 0, 2, 5, 0, 4, 9]] * 3


def test_flips_of_single_rows_are_tested_as_scipy_does() -> None:
    recall = changes(SINGLE)["recall"]
    assert recall.p == pytest.approx(binomtest(31, 58).pvalue, abs=1e-12)
    assert recall.sentence == (
        "recall: 0.6310 then, 0.6356 now, +0.0046 (-0.0127 to +0.0219): no evidence of a change (p = 0.69; 31 rows "
        "flipped to right, 27 to wrong)."
    )


def test_flips_in_runs_are_judged_by_the_block() -> None:
    recall = changes(RUNS)["recall"]
    assert binomtest(36, 48).pvalue < 0.001
    assert recall.p == pytest.approx(binomtest(9, 12).pvalue, abs=1e-12)
    assert "no evidence of a change (p = 0.15; 36 rows flipped to right, 12 to wrong)" in recall.sentence


def test_flips_in_few_blocks_may_be_noise_however_many_they_are() -> None:
    recall = changes([[100, 0, 0, 2, 5, 0, 11, 0]] * 4 + [[100, 0, 0, 2, 5, 0, 0, 9]] * 8)["recall"]
    assert recall.sentence == (
        "recall: 0.6591 then, 0.4091 now, -0.2500 (-0.3119 to -0.1833, taking each row for itself): may be noise, for "
        "all flips lie in 4 blocks of rows (p = 0.12; 0 rows flipped to right, 44 to wrong)."
    )
    assert not recall.is_evident
    assert not changes(SINGLE)["recall"].is_open


def test_a_higher_false_positive_rate_is_worse() -> None:
    found = changes([[90, 9, 1, 20, 5, 0, 0, 15]] * 40)
    assert found["fpr"].sentence == (
        "false positive rate: 0.1750 then, 0.2417 now, +0.0667 (+0.0588 to +0.0747): worse (p < 0.001; 40 rows flipped "
        "to right, 360 to wrong)."
    )
    assert found["precision"].sentence.startswith("precision: 0.4167 then, 0.3409 now, -0.0758")
    assert "worse" in found["precision"].sentence
    assert found["recall"].sentence == "recall: 0.7500 then and now; no row flipped."
    assert (found["fpr"].gain or 0) < 0


@pytest.mark.parametrize("seed", range(4))
def test_each_value_is_that_of_the_pairs(seed: int) -> None:
    counts = np.random.default_rng(seed).integers(0, 30, (25, 8))
    cells = counts.sum(axis=0).tolist()
    tn, fp, fn, tp = cells[0] + cells[1], cells[2] + cells[3], cells[4] + cells[5], cells[6] + cells[7]
    found = changes(counts)
    assert found["recall"].then == pytest.approx(tp / (tp + fn))
    assert found["fpr"].then == pytest.approx(fp / (fp + tn))
    assert found["accuracy"].then == pytest.approx((tp + tn) / sum(cells))
    assert found["precision"].then == pytest.approx(tp / (tp + fp))
    tn, fp, fn, tp = cells[0] + cells[2], cells[1] + cells[3], cells[4] + cells[6], cells[5] + cells[7]
    assert found["recall"].now == pytest.approx(tp / (tp + fn))
    assert found["accuracy"].now == pytest.approx((tp + tn) / sum(cells))
    assert found["f1"].now == pytest.approx(2 * tp / (2 * tp + fp + fn))
    assert (found["accuracy"].to_right, found["accuracy"].to_wrong) == (cells[2] + cells[5], cells[1] + cells[6])
    for change in found.values():
        assert change.interval is not None
        assert change.interval[0] <= (change.change or 0) <= change.interval[1]
        json.dumps(change.document(), allow_nan=False)


def test_an_interval_that_leaves_out_0_beside_a_p_that_is_not_small_says_why() -> None:
    recall = changes(RUNS)["recall"]
    assert recall.interval is not None
    assert recall.interval[0] > 0
    assert " (+0.0490 to +0.1717, taking each row for itself): no evidence of a change (p = 0.15; " in recall.sentence


@pytest.mark.parametrize("seed", range(12))
def test_the_sentences_are_those_of_plain_loops(seed: int) -> None:
    random = np.random.default_rng(seed)
    runs = np.repeat(random.integers(0, 2, 60), 4)[:200]  # flips come in runs
    labels = [(0, 1, None)[place] for place in random.choice(3, 200, p=[0.6, 0.3, 0.1])]
    then = random.integers(0, 2, 200)
    now = np.where(runs * (random.random(200) < seed / 12), random.integers(0, 2, 200), then)
    counts = np.zeros((20, CELLS), np.int64)
    for row, label in enumerate(labels):
        if label is not None:
            counts[row // 10, 4 * label + 2 * then[row] + now[row]] += 1
    expected = plain_comparison.sentences(labels, then.tolist(), now.tolist(), 10)
    assert (
        ModelChange("a", [], [], pairs=Pairs("v401", 10, counts), changes=changes_of(pairs_of(counts))).sentences[1:]
        == expected
    )


def test_what_is_undefined_is_said_so() -> None:
    found = changes([[90, 9, 0, 0, 0, 0, 0, 0]] * 12)
    assert found["recall"].sentence == "recall: undefined then and now; 0 rows flipped to right, 0 to wrong."
    assert found["precision"].sentence == "precision: undefined then; 0 rows flipped to right, 108 to wrong."


def test_too_few_blocks_are_said_so() -> None:
    sentence = changes([[90, 3, 2, 5, 5, 2, 3, 50]])["precision"].sentence
    assert sentence.endswith(
        ": too few blocks of rows to tell noise from a change (4 rows flipped to right, 6 to wrong)."
    )


def test_a_true_null_with_flips_in_runs_is_seldom_called_a_change() -> None:
    """Runs of four flips on average, right or wrong by the toss of a coin: McNemar alone rejects far too often."""
    random = np.random.default_rng(7)
    rejected = {"row by row": 0, "ours": 0}
    for _ in range(200):
        lengths, signs = random.geometric(0.25, 60), random.integers(0, 2, 60)
        counts = np.zeros((60, 8), np.int64)
        counts[:, 4] = counts[:, 7] = 30
        counts[np.arange(60), 5 + signs] = lengths
        recall = changes(counts)["recall"]
        rejected["row by row"] += binomtest(recall.to_right, recall.to_right + recall.to_wrong).pvalue < 0.05
        rejected["ours"] += recall.is_evident
    assert rejected["row by row"] > 200 * 0.3
    assert rejected["ours"] < 200 * 0.09


@pytest.mark.parametrize(
    ("p", "text"), [(0.42, "p = 0.42"), (0.0312, "p = 0.031"), (0.0009, "p < 0.001"), (1.0, "p = 1")]
)
def test_a_p_is_short(p: float, text: str) -> None:
    assert p_text(p) == text
