"""Messages of errors: one printable line of limited length."""

from __future__ import annotations

import pytest

from pytest_f07.errors import MAX_CHARACTERS, F07Error, first_line, printable


@pytest.mark.parametrize(
    ("text", "line"),
    [("batería v701", "batería v701"), ("a\nb", r"a\nb"), ("\x1b[31mred", r"\x1b[31mred"), ("\u2028", r"\u2028")],
)
def test_a_message_is_one_printable_line(text: str, line: str) -> None:
    assert printable(text) == line
    assert str(F07Error(text)) == line


def test_a_long_message_is_cut_and_says_so() -> None:
    assert str(F07Error("x" * MAX_CHARACTERS)) == "x" * MAX_CHARACTERS
    assert str(F07Error("x" * (MAX_CHARACTERS + 1))) == "x" * MAX_CHARACTERS + "…"


@pytest.mark.parametrize(
    ("error", "line"),
    [(OSError("first\nsecond"), "first"), (MemoryError(), "MemoryError"), (ValueError("  \n "), "ValueError")],
)
def test_the_first_line_of_an_error_or_its_type(error: BaseException, line: str) -> None:
    assert first_line(error) == line
