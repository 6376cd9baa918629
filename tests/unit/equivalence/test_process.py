"""Test the oracle's process: answers in order, and one sentence where it cannot answer."""

from __future__ import annotations

import sys
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import pytest

from pytest_f07.equivalence import process
from pytest_f07.equivalence.process import Oracle, wait_for_answer
from pytest_f07.errors import BrokenRun

ECHO = """
import json, sys
for line in sys.stdin:
    question = json.loads(line)
    print(json.dumps({"y_prob": [row / 10 if row else None for row in question["rows"]]}), flush=True)
"""


@pytest.fixture
def run_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the manifest's path be the code that the process runs."""
    monkeypatch.setattr(process, "python_command", lambda module, code: [sys.executable, "-c", code])


@pytest.mark.usefixtures("run_code")
def test_questions_are_answered_in_order_and_null_is_not_a_number() -> None:
    with Oracle(Path(ECHO)) as oracle:
        answers = [oracle.ask("a", rows) for rows in ([0, 1], [5], [])]
        scores = [wait_for_answer(answer) for answer in answers]
    np.testing.assert_array_equal(scores[0], np.array([np.nan, 0.1], np.float32))
    assert [len(values) for values in scores] == [2, 1, 0]


@pytest.mark.usefixtures("run_code")
@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("import sys; sys.exit('ERROR: no memory left.')", "the oracle died (no memory left); equivalence: off in *"),
        ("pass", "the oracle died (it said nothing); *"),
        ("input(); print('{\"y_prob\": [0.5]}', flush=True)", "the oracle answered 1 of 2 windows of a"),
    ],
)
def test_what_is_no_answer_breaks_the_run_in_one_sentence(code: str, sentence: str) -> None:
    with Oracle(Path(code)) as oracle, pytest.raises(BrokenRun) as caught:
        wait_for_answer(oracle.ask("a", [0, 1]))
    assert fnmatchcase(str(caught.value).replace("[", "("), sentence.replace("[", "(")), str(caught.value)


@pytest.mark.usefixtures("run_code")
def test_no_process_is_left_behind() -> None:
    with Oracle(Path("input()")) as oracle:
        child = oracle._popen
    assert child.returncode is not None
