"""The oracle's process: answers in order, and one sentence where it cannot answer."""

from __future__ import annotations

import sys
from concurrent.futures import Future
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import pytest

from pytest_f07.equivalence import child
from pytest_f07.equivalence.child import OracleProcess
from pytest_f07.equivalence.process import Oracle, OracleModel, wait_for_answer
from pytest_f07.errors import BrokenRun
from pytest_f07.windows import Float32Array

HELLO = """
import json, struct, sys
assert input() == "go"
model = {"threshold": 0.5, "vocabulary": 6, "sha256": "e"}
print(json.dumps({"a": model, "b": model}), flush=True)
"""
ECHO = (
    HELLO
    + """
for line in sys.stdin:
    question = json.loads(line)
    asked = question["rows"]["v401"] if "rows" in question else [sum(window) for window in question["windows"]]
    scores = [score for number in asked for score in (number / 8, float("nan"))]
    sys.stdout.buffer.write(b"%d\\n" % (4 * len(scores)) + struct.pack(f"<{len(scores)}f", *scores))
    sys.stdout.flush()
"""
)


def ask(oracle: Oracle, *rows: int) -> Future[Float32Array]:
    return oracle.ask({"v401": np.array(rows, np.int64)})


@pytest.fixture
def run_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the manifest's path be the code that the process runs."""
    monkeypatch.setattr(child, "python_command", lambda module, code: [sys.executable, "-c", code])


@pytest.mark.usefixtures("run_code")
def test_questions_are_answered_in_order_after_what_the_oracle_has_read() -> None:
    with Oracle(OracleProcess(Path(ECHO)), ["a", "b"]) as oracle:
        answers = [ask(oracle, *rows) for rows in ([0, 1], [5], [])]
        models = wait_for_answer(oracle.models)
        scores = [wait_for_answer(answer) for answer in answers]
    assert models == {name: OracleModel(0.5, 6, "e") for name in ("a", "b")}
    np.testing.assert_array_equal(scores[0], np.array([[0, np.nan], [0.125, np.nan]], np.float32))
    assert [each.shape for each in scores] == [(2, 2), (1, 2), (0, 2)]


@pytest.mark.usefixtures("run_code")
def test_windows_that_no_dataset_holds_are_answered_too() -> None:
    with Oracle(OracleProcess(Path(ECHO)), ["a", "b"]) as oracle:
        scores = wait_for_answer(oracle.ask_windows([(1, 2), (), (5,)]))
    np.testing.assert_array_equal(scores[:, 0], np.array([3, 0, 5], np.float32) / 8)


DIED = "the oracle died (it said nothing); *"


@pytest.mark.usefixtures("run_code")
@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (
            "import os; os.write(2, b'ERROR: no memory left.'); os.kill(os.getpid(), 9)",
            "the oracle died (by SIGKILL; its last words: no memory left); equivalence: off in *",
        ),
        ("import sys; sys.exit('ERROR: no memory left.')", "the oracle died (no memory left); equivalence: off in *"),
        ("pass", DIED),
        (HELLO, DIED),
        (HELLO + "input(); print(16); print('half')", DIED),
        (HELLO + "input(); print(3); print('no', flush=True)", "the oracle answered 3 bytes for 2 windows of v401, *"),
    ],
)
def test_what_is_no_answer_breaks_the_run_in_one_sentence(code: str, sentence: str) -> None:
    with Oracle(OracleProcess(Path(code)), ["a", "b"]) as oracle, pytest.raises(BrokenRun) as caught:
        wait_for_answer(ask(oracle, 0, 1))
    assert fnmatchcase(str(caught.value), sentence), str(caught.value)


@pytest.mark.usefixtures("run_code")
def test_an_oracle_of_other_models_is_none() -> None:
    with (
        Oracle(OracleProcess(Path(ECHO)), ["b", "a"]) as oracle,
        pytest.raises(BrokenRun, match=r"answers for a, b; .* lists b, a"),
    ):
        wait_for_answer(oracle.models)
