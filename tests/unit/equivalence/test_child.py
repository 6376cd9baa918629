"""The oracle's process: it waits until it is told to go, and none is left behind."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pytest_f07.equivalence import child
from pytest_f07.equivalence.child import OracleProcess


@pytest.fixture(autouse=True)
def _run_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the manifest's path be the code that the process runs."""
    monkeypatch.setattr(child, "python_command", lambda module, code: [sys.executable, "-c", code])


@pytest.mark.parametrize("starts", [0, 1, 2])
def test_one_process_is_started_however_often_and_told_to_go(starts: int) -> None:
    process = OracleProcess(Path("import sys; print(input(), flush=True); sys.stdin.read()"))
    try:
        for _ in range(starts):
            process.start()
        process.go()
        assert process.read_line() == child.GO
    finally:
        process.stop()


def test_what_it_answers_is_read_in_bytes_and_lines() -> None:
    process = OracleProcess(Path("import sys; print('3'); print('abcd'); print(sys.stdin.readline())"))
    process.go()
    try:
        assert [process.read_line(), process.read(2), process.read_line()] == [b"3\n", b"ab", b"cd\n"]
    finally:
        process.stop()


def test_one_that_died_while_it_waited_says_why() -> None:
    process = OracleProcess(Path("import sys; sys.exit('ERROR: TensorFlow is broken.')"))
    process.start()
    assert process.read_line() == b""  # it is gone
    process.go()
    process.write(b"a question\n")
    assert process.read(4) == b""
    told = "the oracle died (TensorFlow is broken); equivalence: off in params.yaml does without it"
    assert str(process.explain_death()) == told
    process.stop()


@pytest.mark.parametrize("go", [True, False])
def test_no_process_is_left_behind(go: bool) -> None:
    process = OracleProcess(Path("import sys; sys.stdin.read()"))
    process.go() if go else process.start()
    popen = process._popen
    process.stop()
    process.stop()  # a second time does nothing
    assert popen is not None
    assert popen.returncode is not None


def test_what_was_never_started_needs_no_end() -> None:
    OracleProcess(Path("manifest.json")).stop()
