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
            Resumed(1, 0, ("part-00000.parquet of the earlier run is replayed: it cannot be read",)),
            [
                "resumed: 0 of 1 part taken from the run before",
                "resumed: part-00000.parquet of the earlier run is replayed: it cannot be read",
            ],
        ),
    ],
)
def test_what_was_taken_and_why_not_the_rest(resumed: Resumed, sentences: list[str]) -> None:
    assert resumed.sentences == sentences
