"""The questions: blocks of ascending rows, and each answer at its window's place."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pytest_f07.equivalence import questions as module
from pytest_f07.equivalence.index import WindowIndex
from pytest_f07.equivalence.questions import Questions
from pytest_f07.errors import BrokenRun
from pytest_f07.variant.dataset import Dataset
from pytest_f07.windows import Float32Array, Int64Array

DATASETS = [Dataset(name, Path("not read"), name, 10) for name in ("v402", "v401")]
INDEX = WindowIndex(
    np.arange(6, dtype=np.uint64), np.array([1, 0, 0, 1, 0, 0]), np.array([4, 9, 0, 3, 5, 7]), is_complete=True
)


class EchoingOracle:
    """Scores that tell dataset and row; where ``reason`` is given, it dies at the second question."""

    def __init__(self, reason: str = "") -> None:
        self.asked: list[dict[str, list[int]]] = []
        self._reason = reason

    def ask(self, rows: dict[str, Int64Array]) -> Future[Float32Array]:
        self.asked.append({dataset: each.tolist() for dataset, each in rows.items()})
        answer: Future[Float32Array] = Future()
        if self._reason and len(self.asked) == 2:
            answer.set_exception(BrokenRun(self._reason))
        else:
            scores = [int(dataset[1:]) + each / 16 for dataset, each in rows.items()]
            answer.set_result(np.concatenate(scores)[:, None].astype(np.float32))
        return answer


def test_blocks_ascend_in_each_dataset_and_answers_find_their_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK_ROWS", 3)
    oracle: Any = EchoingOracle()
    scores = Questions(oracle, INDEX, DATASETS).scores(1)
    assert oracle.asked == [{"v402": [0, 5, 7]}, {"v402": [9], "v401": [3, 4]}]
    expected = np.where(INDEX.datasets == 0, 402, 401) + INDEX.rows / 16
    assert scores[:, 0].tolist() == expected.tolist()


def test_an_oracle_that_dies_half_way_breaks_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK_ROWS", 3)
    oracle: Any = EchoingOracle("the oracle died")
    with pytest.raises(BrokenRun, match="the oracle died"):
        Questions(oracle, INDEX, DATASETS).scores(1)
