"""The most wrong rows of a server that gives labels alone, against plain loops."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given, settings

from pytest_f07.replay.shards import cut_shards
from pytest_f07.results.audit import ModelAudit
from pytest_f07.results.oracle_examples import add_oracle_examples
from pytest_f07.results.scores import Scores
from pytest_f07.windows import Float32Array
from tests.unit.small_run import THRESHOLD, runs, write_run


def oracle_score(window: list[int], column: int) -> float:
    """Return a score that tells windows and models apart; none where nothing is in the window."""
    return (3 * sum(window) + len(window) + column + 20) / 64 if window else float("nan")


@settings(max_examples=30, derandomize=True, deadline=None)
@given(runs())
def test_they_are_the_wrong_rows_furthest_from_their_label_by_the_oracle(drawn: dict[str, Any]) -> None:
    with write_run(drawn) as run:
        audits = {model.prediction_name: ModelAudit(scores=Scores(THRESHOLD)) for model in run.models}

        def look_up(windows: pa.Array) -> Float32Array:
            columns = range(len(run.models))
            scores = [[oracle_score(window, column) for column in columns] for window in windows.to_pylist()]
            return np.array(scores, np.float32).reshape(len(windows), len(run.models))

        shards = cut_shards(run.datasets, len(run.models), 2, 10)
        add_oracle_examples(run.parquet, shards, run.models, audits, look_up)
        for column, (name, source) in enumerate(run.owners.items()):
            expected: dict[tuple[tuple[int, ...], int], tuple[float, int]] = {}
            rows = zip(run.rows[source][: run.limit], run.answers[source], strict=True)
            for row, ((window, label), answers) in enumerate(rows):
                score = oracle_score(window, column)
                if label is not None and window and answers[column][0] != label:
                    expected.setdefault((tuple(window), label), (-abs(label - score), row))
            shown = [(example.row, example.y_prob) for example in audits[name].scores.most_wrong.rows]
            assert [row for row, _ in shown] == [row for _, row in sorted(expected.values())[:10]]
            assert all(score == oracle_score(run.rows[source][row][0], column) for row, score in shown)
