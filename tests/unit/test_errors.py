from __future__ import annotations

import pytest

from pytest_f07.errors import BrokenRun, F07Error, first_line, one_line


@pytest.mark.parametrize("kind", [F07Error, BrokenRun])
def test_a_message_is_one_printable_line(kind: type[F07Error]) -> None:
    message = str(kind("params.yaml: 'a\nb\x1b[31m\u2028' is no name; ñ and 電 are"))
    assert message == r"params.yaml: 'a\nb\x1b[31m\u2028' is no name; ñ and 電 are"


def test_a_message_that_quotes_a_document_is_cut() -> None:
    message = str(F07Error("x" * 100_000))
    assert message.startswith("x" * 1000)
    assert message.endswith("x…")
    assert len(message) < 5000


@pytest.mark.parametrize(
    ("text", "line"), [("  one\r\n\ttwo \u2028three\n", "one two three"), ("one", "one"), (" \n", "")]
)
def test_a_text_of_several_lines_becomes_one(text: str, line: str) -> None:
    assert one_line(text) == line


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("  one\ntwo"), "one"),
        (MemoryError(), "MemoryError"),
        (OSError(2, "No such file"), "[Errno 2] No such file"),
        (ValueError("\n"), "ValueError"),
    ],
)
def test_the_first_line_of_an_error_is_never_empty(error: BaseException, line: str) -> None:
    assert first_line(error) == line


def test_jupyter_shows_a_line_in_place_of_a_traceback() -> None:
    assert F07Error("params.yaml: no")._render_traceback_() == ["F07Error: params.yaml: no"]
