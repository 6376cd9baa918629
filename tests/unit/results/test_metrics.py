"""Test the counts against plain loops after the contract, their accounting, and that the CSV reads back exactly."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_f07.results import metric_table
from pytest_f07.results.audit import ModelAudit
from pytest_f07.results.metrics import by_name, to_csv
from tests.unit.small_run import SmallRun, runs, write_run

quick = settings(derandomize=True, deadline=None, max_examples=100)


def count_plainly(run: SmallRun, name: str) -> Counter[str]:
    """Count as the contract says, one emission after another.

    "no reference: an emission from another dataset whose window (same codes, same order) is nowhere among the labelled
    rows of the model's own dataset, or an own-dataset row whose label is null"
    """
    own, index = run.owners[name], list(run.owners).index(name)
    labelled = [window for window, label in run.rows[own][: run.limit] if label is not None]
    counts: Counter[str] = Counter()
    for source, window, label, answers in run.emissions():
        y_pred = answers[index][0]
        if source == own and label is not None:
            counts[{(1, 1): "TP", (0, 0): "TN", (0, 1): "FP", (1, 0): "FN"}[label, y_pred]] += 1
        elif source == own or window not in labelled:
            counts[f"no_ref_pred_{y_pred}"] += 1
            counts["no_ref_total"] += 1
            counts[f"{source}: {y_pred}"] += 1
        else:
            counts["seen_elsewhere"] += 1
    return counts


@quick
@given(runs())
def test_counts_are_what_the_contract_says_and_the_books_balance(drawn: dict[str, Any]) -> None:
    with write_run(drawn) as run:
        metrics_by_name = run.count().metrics
        emissions = sum(1 for _ in run.emissions())
        assert list(metrics_by_name) == list(run.owners)
        for name, metrics in metrics_by_name.items():
            expected = count_plainly(run, name)
            row = metric_table.values(metrics.counts(ModelAudit()))
            for column in ("TP", "TN", "FP", "FN", "no_ref_pred_1", "no_ref_pred_0", "no_ref_total"):
                assert row[column] == expected[column], (name, column)
            assert metrics.seen_elsewhere == expected["seen_elsewhere"]
            for source in run.rows:
                by_label = (expected[f"{source}: 1"], expected[f"{source}: 0"])
                assert metrics.no_ref.get(source, (0, 0)) == by_label, (name, source)
            assert metrics.emissions == emissions
            labelled = [label for _, label in run.rows[run.owners[name]][: run.limit] if label is not None]
            assert metrics.referenced == len(labelled)
            assert row["base_rate"] == (sum(labelled) / len(labelled) if labelled else 0.0)


def test_equal_windows_with_different_labels_count_each_with_its_own() -> None:
    drawn = {
        "rows": {"v401": [([1, 2], 1), ([1, 2], 0), ([1, 2], None)], "v402": [([1, 2], 1), ([2, 1], 1)]},
        "kinds": [(pa.list_(pa.int32()), pa.int8(), 2), (pa.large_list(pa.int64()), pa.int8(), 2)],
        "owners": {"a": "v401"},
        "limit": None,
        "seed": 0,
    }
    with write_run(drawn) as run:
        metrics = run.count().metrics["a"]
    assert metrics.referenced == 2
    # [1, 2] is known though one of its rows is not labelled; the same codes in another order are another window.
    assert (metrics.seen_elsewhere, metrics.no_ref_total) == (1, 2)


# -- the CSV


@quick
@given(st.floats(allow_nan=False))
def test_any_float_reads_back_exactly(value: float) -> None:
    [line] = to_csv([{"x": value}]).decode().splitlines()[1:]
    assert float(line) == value
    assert math.copysign(1, float(line)) == math.copysign(1, value)


def test_metrics_json_finds_each_number_by_model_and_by_column() -> None:
    rows = [{"prediction_name": "a", "TP": 3, "f1": 0.5}, {"prediction_name": "b.cnn", "TP": 0, "f1": 0.0}]
    assert by_name(rows) == {"a": {"TP": 3, "f1": 0.5}, "b.cnn": {"TP": 0, "f1": 0.0}}
