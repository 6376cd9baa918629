"""The oracle's own vectorization."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pytest_f07.oracle.vectorize import vectorize
from pytest_f07.vectorize import Vectorization, Vectorizer
from pytest_f07.wire import windows_from_lists

CODES = st.one_of(st.integers(-3, 12), st.integers(-(2**63), 2**63 - 1))


def test_counts_and_places_are_those_of_the_contract() -> None:
    windows = [[5, 5, 9, 1], [], [7], [1, 5, 9, 1, 1]]
    bag = vectorize(windows, "dense_bow", (9, 5, 1), 3)
    assert bag.dtype == np.float32
    assert bag.tolist() == [[1, 2, 1], [0, 0, 0], [0, 0, 0], [1, 1, 3]]
    padded = vectorize(windows, "sequence", (9, 5, 1), 3)
    assert padded.dtype == np.int32
    # codes outside are dropped, the last three kept, zeros stand on the left
    assert padded.tolist() == [[2, 1, 3], [0, 0, 0], [0, 0, 0], [1, 3, 3]]
    assert vectorize([[7, 9]], "sequence", (9,), 3).tolist() == [[0, 0, 1]]


@given(
    st.lists(st.lists(CODES, max_size=12), max_size=8),
    st.lists(CODES, min_size=1, max_size=8, unique=True),
    st.integers(1, 6),
)
def test_server_and_oracle_make_the_same_input_though_they_share_no_code(
    windows: list[list[int]], vocabulary: list[int], width: int
) -> None:
    for made in (
        Vectorization("dense_bow", tuple(vocabulary), len(vocabulary)),
        Vectorization("sequence", tuple(vocabulary), width),
    ):
        vectorizer = Vectorizer(made)
        ours, theirs = (
            vectorize(windows, made.kind, made.vocabulary, made.width),
            vectorizer(windows_from_lists(windows)),
        )
        assert ours.dtype == theirs.dtype == vectorizer.dtype
        assert ours.tolist() == theirs.tolist()
