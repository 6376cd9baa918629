"""Test the table of metrics: the columns of the contract, exact values, and an explanation of each entry."""

from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_f07.results.formulas import Counts, wilson_interval
from pytest_f07.results.metric_table import LIMITS, METRICS, values
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
    metrics = values(counts)
    assert [metrics[key] for key in ("precision", "recall", "f1", "mcc")] == [0.0] * 4


@quick
@given(CONFUSIONS)
def test_ratios_are_the_definitions_in_float64(counts: Counts) -> None:
    metrics, tp = values(counts), counts.tp
    precision = tp / (tp + counts.fp) if tp else 0.0
    recall = tp / (tp + counts.fn) if tp else 0.0
    assert (metrics["precision"], metrics["recall"]) == (precision, recall)
    assert metrics["f1"] == (2 * precision * recall / (precision + recall) if tp else 0.0)
    labelled = tp + counts.tn + counts.fp + counts.fn
    assert metrics["base_rate"] == ((tp + counts.fn) / labelled if labelled else 0.0)


def test_shares_are_of_the_own_dataset() -> None:
    metrics = values(Counts(codes=8, unknown_codes=2, windows=10, empty_windows=1, no_ref_pred_1=3, no_ref_pred_0=4))
    assert (metrics["unknown_codes"], metrics["empty_windows"], metrics["no_ref_total"]) == (0.25, 0.1, 7)


def test_the_intervals_are_those_of_precision_and_of_recall() -> None:
    metrics = values(Counts(tp=15, fp=133, fn=66))
    assert (metrics["precision_low"], metrics["precision_high"]) == wilson_interval(15, 148)
    assert (metrics["recall_low"], metrics["recall_high"]) == wilson_interval(15, 81)


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
