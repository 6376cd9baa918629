"""Test what is said of a resumed run."""

from __future__ import annotations

import pytest

from pytest_f07.results.resumed import Resumed


@pytest.mark.parametrize(
    ("resumed", "sentences"),
    [
        (Resumed(3, 2), ["resumed: 2 of 3 parts taken from the run before"]),
        (Resumed(1, 0), ["resumed: an earlier run has left no finished part; all was replayed"]),
        (
            Resumed(1, 0, (("part-00000.parquet", "it cannot be read"),)),
            [
                "resumed: 0 of 1 part taken from the run before",
                "resumed: part-00000.parquet of the earlier run is replayed: it cannot be read",
            ],
        ),
        (
            Resumed(9, 5, (("a", "x was 1, and is 2"), ("b", "it cannot be read"), ("c", "x was 1, and is 2"))),
            [
                "resumed: 5 of 9 parts taken from the run before",
                "resumed: a and 1 more part of the earlier run are replayed: x was 1, and is 2",
                "resumed: b of the earlier run is replayed: it cannot be read",
            ],
        ),
    ],
)
def test_what_was_taken_and_why_not_the_rest(resumed: Resumed, sentences: list[str]) -> None:
    assert resumed.sentences == sentences
