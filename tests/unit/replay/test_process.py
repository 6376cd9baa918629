"""Test the last lines of a server's log."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_f07.replay.process import LOG_TAIL_LINES, log_tail


def test_the_tail_is_the_last_lines_in_order(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    log.write_text("".join(f"line {number}\n" for number in range(100)))
    assert log_tail(log, 2) == ["line 98", "line 99"]
    assert log_tail(log) == [f"line {number}" for number in range(100 - LOG_TAIL_LINES, 100)]


@pytest.mark.parametrize(("text", "lines"), [(b"", []), (b"one", ["one"]), (b"one\n\ntwo\n", ["one", "", "two"])])
def test_a_short_log_is_its_own_tail(tmp_path: Path, text: bytes, lines: list[str]) -> None:
    log = tmp_path / "server.log"
    log.write_bytes(text)
    assert log_tail(log) == lines


def test_a_log_that_is_not_there_has_no_tail(tmp_path: Path) -> None:
    assert log_tail(tmp_path / "server.log") == []


def test_a_log_of_any_size_and_any_bytes_has_a_tail(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    log.write_bytes(b"\xf0\x9f\x98\x80" * 50_000 + b"\nkilled \xff\n")
    assert log_tail(log, 1) == ["killed \N{REPLACEMENT CHARACTER}"]
