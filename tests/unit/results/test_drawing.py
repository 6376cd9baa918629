"""Test the process that draws: it ends with whoever started it, and tells what went wrong."""

from __future__ import annotations

import pickle
import subprocess
from pathlib import Path

import pytest

from pytest_f07.results.drawing import Drawings
from pytest_f07.results.figures import ComparisonPoint
from pytest_f07.variant.interpreter import python_command

POINTS = [ComparisonPoint("a", {"precision": 1.0, "recall": 0.5, "f1": 0.6}, {})]


def start() -> subprocess.Popen[bytes]:
    command = python_command("pytest_f07.results.drawing")
    return subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)


def question(png: Path) -> bytes:
    drawings = pickle.dumps(Drawings([], POINTS, png))
    return b"%d\n%b" % (len(drawings), drawings)


def test_it_ends_when_all_is_drawn(tmp_path: Path) -> None:
    process = start()
    assert process.stdin is not None
    process.stdin.write(question(tmp_path / "all.png"))
    process.stdin.flush()  # its end stays open: the process does not wait for it
    assert process.wait(60) == 0
    assert (tmp_path / "all.png").read_bytes().startswith(b"\x89PNG")
    process.communicate()


@pytest.mark.parametrize("asked", [b"", b"1000\n..."], ids=["nothing asked", "half a question"])
def test_it_ends_with_the_process_that_started_it(asked: bytes) -> None:
    process = start()
    assert process.communicate(asked, timeout=60)[1] == b""
    assert process.returncode == 1


def test_a_figure_that_cannot_be_written_is_told_in_the_last_line(tmp_path: Path) -> None:
    process = start()
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write(question(tmp_path / "missing" / "all.png"))
    process.stdin.flush()
    assert process.wait(60) == 1
    assert process.stderr.read().splitlines()[-1].startswith(b"FileNotFoundError: ")
    process.communicate()
