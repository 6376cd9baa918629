"""The table of metrics: the columns of the contract, published values, exactness, and no entry without its words."""

from __future__ import annotations

import csv
import io
import math
import re
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_f07.results import metric_table
from pytest_f07.results.metric_table import LIMITS, METRICS, Counts, mcc, values, wilson_interval
from pytest_f07.results.metrics import to_csv

quick = settings(derandomize=True, deadline=None, max_examples=200)
HEADER = (
    "prediction_name,TP,TN,FP,FN,precision,recall,f1,no_ref_pred_1,no_ref_pred_0,no_ref_total,non_finite,"
    "base_rate,unknown_codes,empty_windows,mcc,precision_low,precision_high,recall_low,recall_high"
)
COUNTS = st.integers(0, 2**40)
CONFUSIONS = st.builds(Counts, COUNTS, COUNTS, COUNTS, COUNTS)


def test_the_columns_are_those_of_the_contract() -> None:
    assert ",".join(["prediction_name", *values(Counts())]) == HEADER


@pytest.mark.parametrize("counts", [Counts(), Counts(tn=9), Counts(fp=5), Counts(fn=5)])
def test_a_denominator_of_zero_gives_zero(counts: Counts) -> None:
    found = values(counts)
    assert [found[key] for key in ("precision", "recall", "f1", "mcc")] == [0.0] * 4


@quick
@given(CONFUSIONS)
def test_ratios_are_the_definitions_in_float64(counts: Counts) -> None:
    found, tp = values(counts), counts.tp
    precision = tp / (tp + counts.fp) if tp else 0.0
    recall = tp / (tp + counts.fn) if tp else 0.0
    assert (found["precision"], found["recall"]) == (precision, recall)
    assert found["f1"] == (2 * precision * recall / (precision + recall) if tp else 0.0)
    labelled = tp + counts.tn + counts.fp + counts.fn
    assert found["base_rate"] == ((tp + counts.fn) / labelled if labelled else 0.0)


def test_shares_are_of_the_own_dataset() -> None:
    found = values(Counts(codes=8, unknown_codes=2, windows=10, empty_windows=1, no_ref_pred_1=3, no_ref_pred_0=4))
    assert (found["unknown_codes"], found["empty_windows"], found["no_ref_total"]) == (0.25, 0.1, 7)


# scikit-learn's example of matthews_corrcoef, Wikipedia's of the phi coefficient, and tables worked by hand
CORRELATIONS = {
    "scikit-learn": (Counts(tp=2, fn=1, fp=1, tn=0), -1 / 3),
    "wikipedia": (Counts(tp=6, fn=2, fp=1, tn=3), 16 / math.sqrt(1120)),
    "none right": (Counts(tn=1, fp=2, fn=3), -6 / math.sqrt(72)),
    "perfect": (Counts(tp=7, tn=3), 1.0),
    "all wrong": (Counts(fp=7, fn=3), -1.0),
    "chance": (Counts(tp=2, fp=4, fn=3, tn=6), 0.0),
    "large": (Counts(tp=2**62 - 1, tn=2**61 + 1), 1.0),
}


@pytest.mark.parametrize(("counts", "expected"), CORRELATIONS.values(), ids=CORRELATIONS)
def test_matthews_correlation(counts: Counts, expected: float) -> None:
    assert mcc(counts) == pytest.approx(expected, rel=1e-15)
    assert abs(mcc(counts)) <= 1.0


@quick
@given(CONFUSIONS)
def test_matthews_correlation_is_within_its_range_and_exact(counts: Counts) -> None:
    tp, tn, fp, fn = counts.tp, counts.tn, counts.fp, counts.fn
    product = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    expected = Fraction((tp * tn - fp * fn) ** 2, product) if product else Fraction(0)
    assert abs(mcc(counts)) == math.sqrt(expected)
    assert math.copysign(1, mcc(counts)) == (-1 if tp * tn < fp * fn else 1)


# R. G. Newcombe, Statistics in Medicine 17 (1998) 857-872, table I, method 3
INTERVALS = {(81, 263): (0.2553, 0.3662), (15, 148): (0.0624, 0.1605), (0, 20): (0, 0.1611), (1, 29): (0.0061, 0.1718)}


@pytest.mark.parametrize(("proportion", "interval"), INTERVALS.items())
def test_wilson_intervals_are_the_published_ones(proportion: tuple[int, int], interval: tuple[float, float]) -> None:
    assert wilson_interval(*proportion) == pytest.approx(interval, abs=5e-5)


@quick
@given(COUNTS, COUNTS)
def test_an_interval_holds_its_proportion_and_is_the_solution_of_wilsons_equation(part: int, rest: int) -> None:
    low, high = wilson_interval(part, part + rest)
    if not part + rest:
        assert (low, high) == (0.0, 1.0)
        return
    proportion = part / (part + rest)
    assert 0 <= low <= proportion <= high <= 1
    assert (low == 0) == (part == 0)
    assert (high == 1) == (rest == 0) or rest / (part + rest) < 1e-15
    for bound in (low, high):
        error = metric_table.Z_95 * math.sqrt(bound * (1 - bound) / (part + rest))
        assert abs(proportion - bound) == pytest.approx(error, rel=1e-3, abs=1e-9)


def test_the_intervals_are_those_of_precision_and_of_recall() -> None:
    found = values(Counts(tp=15, fp=133, fn=66))
    assert (found["precision_low"], found["precision_high"]) == wilson_interval(15, 148)
    assert (found["recall_low"], found["recall_high"]) == wilson_interval(15, 81)


@quick
@given(CONFUSIONS)
def test_every_value_reads_back_exactly(counts: Counts) -> None:
    row = {"prediction_name": "a.b-c__d", **values(counts)}
    text = to_csv([row, row]).decode()
    assert text.splitlines()[0] == HEADER
    assert text.endswith("\n")
    assert "\r" not in text
    for read in csv.DictReader(io.StringIO(text)):
        assert {key: type(row[key])(value) for key, value in read.items()} == row


def test_every_ratio_can_be_required() -> None:
    assert LIMITS == {"precision": (0, 1), "recall": (0, 1), "f1": (0, 1), "mcc": (-1, 1)}


def test_each_entry_is_explained_and_has_a_name_of_its_own() -> None:
    assert len({metric.key for metric in METRICS}) == len({metric.title for metric in METRICS}) == len(METRICS)
    assert all(metric.hint for metric in METRICS)
    assert {metric.bound_of for metric in METRICS if metric.bound_of} <= LIMITS.keys()
    assert all(re.fullmatch(r"\w+", metric.key) for metric in METRICS)  # pytest-html reads it from a class
