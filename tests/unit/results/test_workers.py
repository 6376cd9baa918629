"""Which workers have replayed a run, as the metadata and the terminal tell it."""

from __future__ import annotations

import pytest

from pytest_f07.results.workers import Workers


@pytest.mark.parametrize(
    ("workers", "warnings"),
    [
        (Workers(2, {"Xeon": 2}, 1, {}), []),
        (Workers(1, {"Xeon": 1}, 1, {"tcp://h:1": "no server"}), ["worker tcp://h:1 was not used: no server"]),
        (
            Workers(2, {"Xeon": 1, "EPYC": 1}, 2, {}),
            [
                "the workers had 2 kinds of processors (runtime.mixed_cpus): scores may differ from those of another "
                "run by up to 1e-6, and labels where a score is that near to its threshold"
            ],
        ),
    ],
)
def test_what_a_reader_must_know_is_a_warning(workers: Workers, warnings: list[str]) -> None:
    assert workers.warnings == warnings
    document = workers.document()
    assert document["workers"] == workers.number
    assert document["mixed_cpus"] == (workers.kinds > 1)


def test_the_workers_are_told_with_their_processors() -> None:
    assert Workers(3, {"Xeon": 1, "EPYC": 2}, 2, {}).text == "3 (2 × EPYC, 1 × Xeon)"
