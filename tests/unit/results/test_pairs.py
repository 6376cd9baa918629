"""Pairs of predictions: each labelled row that both runs have with the same window, as plain loops count."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pytest_f07.results.pairs import Pairs, pair_rows
from pytest_f07.variant.dataset import Dataset
from tests.unit.results.small_baseline import write_log

ROWS = 500


def write(root: Path, seed: int, rows_then: int = ROWS) -> tuple[dict[str, Pairs], list[int | None], list[list[float]]]:
    """Pair two runs of models a and b on one dataset; return the pairs, the labels and the scores of a."""
    random = np.random.default_rng(seed)
    windows = [f"[{code}]" for code in random.integers(0, 5, ROWS)]
    labels = [(0, 1, None)[place] for place in random.integers(0, 3, ROWS)]
    scores = random.random((4, ROWS)).round(3)
    table = pa.table({"OW_events": [[int(window[1:-1])] for window in windows], "label": pa.array(labels, pa.int8())})
    pq.write_table(table, root / "v401.parquet", row_group_size=70)
    dataset = Dataset.open("v401", root / "v401.parquet", "v401")
    then = {"v400": [("[]", [0.1, 0.1])], "v401": list(zip(windows[:rows_then], scores[:2].T.tolist(), strict=False))}
    now = {"v401": list(zip(windows, scores[[3, 2]].T.tolist(), strict=True))}
    then_log = write_log(root / "then.parquet", ["a", "b"], then)
    now_log = write_log(root / "now.parquet", ["b", "a"], now)
    return pair_rows(then_log, now_log, dataset, ["a", "b"], 7), labels, [scores[0].tolist(), scores[2].tolist()]


@pytest.mark.parametrize("seed", range(3))
def test_every_pair_is_counted_in_its_block(tmp_path: Path, seed: int) -> None:
    pairs, labels, (then, now) = write(tmp_path, seed)
    expected = [[0] * 8 for _ in range(-(-ROWS // 7))]
    fixed = newly_wrong = still_wrong = 0
    for row, label in enumerate(labels):
        if label is not None:
            pred_then, pred_now = int(np.float32(then[row]) >= 0.5), int(np.float32(now[row]) >= 0.5)
            expected[row // 7][4 * label + 2 * pred_then + pred_now] += 1
            fixed += pred_then != label == pred_now
            newly_wrong += pred_then == label != pred_now
            still_wrong += pred_then == pred_now != label
    a = pairs["a"]
    assert a.counts.tolist() == expected
    assert (a.fixed, a.newly_wrong, a.still_wrong) == (fixed, newly_wrong, still_wrong)
    assert a.rows == sum(label is not None for label in labels)


def test_examples_are_the_flips_whose_score_moved_most(tmp_path: Path) -> None:
    pairs, labels, (then, now) = write(tmp_path, 5)
    for kind, right_now in (("fixed", True), ("newly wrong", False)):
        moved = [
            abs(np.float32(now[row]) - np.float32(then[row]))
            for row, label in enumerate(labels)
            if label is not None
            and (then[row] >= 0.5) != (now[row] >= 0.5)
            and ((now[row] >= 0.5) == label) == right_now
        ]
        examples = pairs["a"].examples[kind]
        assert [flip.size for flip, _ in examples] == pytest.approx(sorted(moved, reverse=True)[:5])
        assert all(label == labels[flip.row] for flip, label in examples)


def test_rows_that_only_one_run_has_are_not_paired(tmp_path: Path) -> None:
    pairs, labels, _ = write(tmp_path, 1, rows_then=100)
    assert pairs["a"].rows == sum(label is not None for label in labels[:100])
