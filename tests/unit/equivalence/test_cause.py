"""Test what differing windows have in common: one table of causes, each told by its name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from pytest_f07.equivalence.cause import Block, Cases
from pytest_f07.variant.package import Model
from pytest_f07.vectorize import Vectorization

VOCABULARY = tuple(range(1, 60))
MODELS = [
    Model(name, "v501", "v401", Path(name), 0.5, Vectorization("sequence", VOCABULARY, 3), "2", {})
    for name in ("a", "b")
]
# Forty windows that agree, of one to three codes, each its own.
PLAIN = [[1 + row % 50] if row % 2 else [1 + row % 50, 2 + row % 50] for row in range(40)]


def sentence(windows: list[list[int]], wrong: list[int], served: dict[int, float] | None = None) -> str:
    """Return what the rows ``wrong`` have in common; ``served`` holds their scores."""
    rows = len(windows)
    oracle = np.stack([np.linspace(0.1, 0.4, rows), np.linspace(0.6, 0.9, rows)], axis=1).astype(np.float32)
    y_prob = oracle.copy()
    y_prob[wrong, 0] = 0.99
    for row, score in (served or {}).items():
        y_prob[row, 0] = score
    mask = np.zeros(rows, bool)
    mask[wrong] = True
    cases = Cases(MODELS, 0, 16)
    # In two parts, the second of which begins a batch.
    for part in (slice(0, 16), slice(16, rows)):
        later = Cases(MODELS, 0, 16)
        block = Block("v401", 0, np.arange(rows)[part], pa.array(windows, pa.list_(pa.int64()))[part])
        later.add(block, y_prob[part], oracle[part], mask[part])
        cases.merge(later)
    return cases.sentence


TRAITS = {
    "hold more than 3 known codes": [[1, 2, 3, 4], [9, 8, 7, 6]],
    "hold a code more than once": [[4, 4], [5, 5]],
    "hold a code outside the vocabulary": [[4, 70], [5, 71]],
    "are empty": [[], []],
    "hold no known code": [[70], [71]],
    "hold a negative code": [[-4], [-5]],
    "hold a code beyond 32 bits": [[2**31], [2**40]],
    "hold the code 59": [[59, 1], [59, 2]],
}


@pytest.mark.parametrize(("trait", "windows"), TRAITS.items(), ids=TRAITS)
def test_a_trait_of_the_differing_windows_alone_is_named(trait: str, windows: list[list[int]]) -> None:
    text = sentence([windows[0], *PLAIN, windows[1]], [0, 41])
    assert text.startswith("all of them ")
    assert trait in text
    # what agreeing windows have too is no cause
    assert trait not in sentence([*windows * 20, *PLAIN], [0, 1])


def test_scores_at_the_place_of_others_are_named() -> None:
    rows, wrong = len(PLAIN), [3, 21]
    others, before = np.linspace(0.6, 0.9, rows), np.linspace(0.1, 0.4, rows)
    assert "have the score of b" in sentence(PLAIN, wrong, {row: others[row] for row in wrong})
    assert "have the score of the row before" in sentence(PLAIN, wrong, {row: before[row - 1] for row in wrong})


def test_one_batch_and_one_place_in_it_are_named() -> None:
    assert "are of one batch" in sentence(PLAIN, [17, 20, 30])
    assert "are of one batch" not in sentence(PLAIN, [15, 16])
    assert "have place 5 in their batches" in sentence(PLAIN, [5, 21, 37])


def test_where_nothing_is_in_common_or_nothing_agrees() -> None:
    assert sentence(PLAIN, [0, 21]) == ""
    assert sentence(PLAIN, list(range(40))) == "no window agrees, as with a file of other weights"
    assert Cases(MODELS, 0, 16).sentence == ""
