"""Windows become the model input that F05 trained on, for any 64-bit code, any vocabulary and any batch."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pytest_f07.vectorize import Vectorization, Vectorizer
from pytest_f07.windows import Windows

LEAST, MOST = -(2**63), 2**63 - 1
quick = settings(derandomize=True, deadline=None, max_examples=250)

any_code = st.integers(LEAST, MOST) | st.sampled_from([LEAST, LEAST + 1, -1, 0, 1, MOST - 1, MOST])


@st.composite
def vocabularies(draw: st.DrawFn) -> list[int]:
    """Codes close together (somewhere, also at both ends of int64), or anywhere."""
    if draw(st.booleans()):
        return draw(st.lists(any_code, min_size=1, max_size=12, unique=True))
    start = draw(any_code)
    steps = draw(st.lists(st.integers(0, 40) | st.just(65_535) | st.just(65_536), min_size=1, max_size=12, unique=True))
    return [start + step if start < 0 else start - step for step in steps]


@st.composite
def questions(draw: st.DrawFn) -> tuple[list[int], list[list[int]]]:
    """A vocabulary, and windows of its codes, their neighbours, and codes it never saw."""
    vocabulary = draw(vocabularies())
    near = [code + step for code in vocabulary for step in (-1, 0, 1) if LEAST <= code + step <= MOST]
    code = st.sampled_from(vocabulary) | st.sampled_from(near) | any_code
    return vocabulary, draw(st.lists(st.lists(code, max_size=12), max_size=6))


def f05_dense_bow(windows: list[list[int]], vocabulary: list[int]) -> np.ndarray:
    index = {code: place for place, code in enumerate(vocabulary)}
    counts = np.zeros((len(windows), len(vocabulary)), np.float32)
    for row, window in enumerate(windows):
        for code in window:
            if code in index:
                counts[row, index[code]] += 1.0
    return counts


def f05_sequence(windows: list[list[int]], vocabulary: list[int], max_len: int) -> np.ndarray:
    index = {code: place + 1 for place, code in enumerate(vocabulary)}
    padded = np.zeros((len(windows), max_len), np.int32)
    for row, window in enumerate(windows):
        known = [index[code] for code in window if code in index][-max_len:]
        if known:
            padded[row, -len(known) :] = known
    return padded


def vectorized(
    kind: Literal["dense_bow", "sequence"], windows: list[list[int]], vocabulary: list[int], width: int
) -> np.ndarray:
    codes = np.array([code for window in windows for code in window], np.int64)
    offsets = np.cumsum([0, *map(len, windows)], dtype=np.int64)
    return Vectorizer(Vectorization(kind, tuple(vocabulary), width))(Windows(codes, offsets))


def assert_same(found: np.ndarray, expected: np.ndarray) -> None:
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    np.testing.assert_array_equal(found, expected)


@quick
@given(questions())
@example(([5], []))
@example(([5], [[], []]))
@example(([LEAST, LEAST + 1], [[LEAST, MOST, LEAST + 2]]))
@example(([MOST, MOST - 1], [[MOST, LEAST, MOST - 2]]))
@example(([LEAST, MOST], [[MOST, MOST, 0, LEAST]]))
def test_dense_bow_counts_each_known_code_as_f05_did(question: tuple[list[int], list[list[int]]]) -> None:
    vocabulary, windows = question
    assert_same(
        vectorized("dense_bow", windows, vocabulary, len(vocabulary)),
        f05_dense_bow(windows, vocabulary),
    )


@quick
@given(questions(), st.integers(1, 15))
@example(([5], []), 3)
@example(([5], [[], []]), 3)
@example(([5, 7], [[5, 5, 7, 6, 6, 6]]), 2)
@example(([LEAST, MOST], [[MOST, 0, LEAST]]), 4)
def test_sequence_keeps_the_last_known_codes_as_f05_did(
    question: tuple[list[int], list[list[int]]], max_len: int
) -> None:
    vocabulary, windows = question
    assert_same(
        vectorized("sequence", windows, vocabulary, max_len),
        f05_sequence(windows, vocabulary, max_len),
    )


def test_unknown_codes_are_dropped_before_the_last_are_kept() -> None:
    assert vectorized("sequence", [[10, 20, 99, 99, 99]], [10, 20], 3).tolist() == [[0, 1, 2]]


def test_the_place_in_the_vocabulary_counts_and_not_the_size_of_the_code() -> None:
    assert vectorized("sequence", [[-7, 500, 3]], [500, -7, 3], 4).tolist() == [[0, 2, 1, 3]]
    assert vectorized("dense_bow", [[-7, 500, 3, 3]], [500, -7, 3], 3).tolist() == [[1.0, 1.0, 2.0]]


@pytest.mark.parametrize("kind", ["dense_bow", "sequence"])
def test_a_window_says_the_same_alone_and_in_a_batch(kind: Literal["dense_bow", "sequence"]) -> None:
    windows = [[1, 2], [], [3, 9, 1], [9]]
    together = vectorized(kind, windows, [1, 2, 3], 3)
    alone = [vectorized(kind, [window], [1, 2, 3], 3)[0] for window in windows]
    assert_same(together, np.array(alone))
