"""What report.html says beyond pytest-html's own: nothing that comes from elsewhere becomes markup."""

from __future__ import annotations

import base64
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_f07.results import report
from pytest_f07.results.metrics import Metrics
from pytest_f07.results.verdict import Failure, Verdict

HOSTILE = "<script>alert('x')</script>\"&amp;"
KNOWN = {"p", "strong", "h2", "ul", "li", "pre", "details", "summary", "table", "tr", "td", "code", "th"}


class Read(HTMLParser):
    """The elements of a piece of HTML, and its text as a browser shows it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags, self.attributes, self.text = [], {}, ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes[tag] = dict(attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


TEXT = st.just(HOSTILE) | st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1)


@given(TEXT)
def test_every_text_is_shown_as_it_is_and_is_never_markup(text: str) -> None:
    pieces = [
        report.verdict_html(text, text, [], 1, None),
        report.verdict_html("v701", "v601", [], 1, text),
        report.list_html(text, [text]),
        report.log_html([text, text]),
        report.provenance_html({text: text}),
    ]
    for piece in pieces:
        read = Read(piece)
        assert set(read.tags) <= KNOWN
        assert text in read.text
        assert all(set(attributes) <= {"class"} for attributes in read.attributes.values())


def passed(name: str) -> Verdict:
    return Verdict(name, Metrics(name, 3, 4, 1, 2, no_ref_pred_1=5), 0)


def failed(name: str) -> Verdict:
    return Verdict(name, Metrics(name), 0, failures=[Failure("F07-BOOKS", "no")])


OUTCOMES = {
    "PASSED": ([passed("a"), passed("b")], 2, None, "2 of 2", "passed"),
    "FAILED": ([passed("a"), failed("b")], 2, None, "1 of 2", "failed"),
    "NOT COMPLETE": ([passed("a")], 2, None, "1 of 2", "incomplete"),
    "NOT COMPLETE though all passed": ([passed("a")], 1, "The session was interrupted.", "1 of 1", "incomplete"),
    "NOT COMPLETE and nothing judged": ([], 3, "The run broke.", "0 of 3", "incomplete"),
}


@pytest.mark.parametrize(("word", "case"), OUTCOMES.items(), ids=OUTCOMES)
def test_the_verdict_says_what_came_out(word: str, case: tuple[list[Verdict], int, str | None, str, str]) -> None:
    verdicts, expected, note, counts, style = case
    read = Read(report.verdict_html("v701", "v601", verdicts, expected, note))
    word = word.split(" and")[0].split(" though")[0]
    assert read.text == f"{word}: variant v701 of package v601, {counts} models passed.{note or ''}"
    assert read.attributes["p"].get("class", "") in (f"f07-verdict {style}", "")


def test_columns_and_cells_stand_in_one_order() -> None:
    heads = [Read(cell) for cell in report.header_cells()]
    cells = [Read(cell) for cell in report.row_cells(passed("a"))]
    assert [head.text for head in heads] == [
        "TP", "TN", "FP", "FN", "Precision", "Recall", "F1", "No ref. 1", "No ref. 0", "No ref.", "Not numbers"
    ]  # fmt: skip
    shown = [cell.text.strip() for cell in cells]
    assert shown == ["3", "4", "1", "2", "0.7500", "0.6000", "0.6667", "5", "0", "5", "0"]
    for head, cell in zip(heads, cells, strict=True):
        assert cell.attributes["td"]["class"] == f"col-{head.attributes['th']['data-column-type']}"


@given(st.lists(st.integers(0, 10**11), min_size=2, max_size=6))
def test_numbers_sort_as_texts_in_their_own_order(counts: list[int]) -> None:
    """pytest-html sorts a column by its cells' text."""
    cells = [Read(report.row_cells(Verdict("a", Metrics("a", tp=count), 0))[0]).text for count in counts]
    assert [int(cell) for cell in sorted(cells)] == sorted(counts)


def test_a_model_that_was_not_judged_has_dashes() -> None:
    for verdict in (None, Verdict("a")):
        assert [Read(cell).text for cell in report.row_cells(verdict)] == ["–"] * len(report.COLUMNS)


def test_what_is_empty_is_left_out() -> None:
    assert report.list_html("Warnings", []) == ""
    assert report.log_html([]) == ""


def test_a_picture_is_embedded_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(bytes(range(256)))
    assert base64.b64decode(report.png(tmp_path / "x.png")) == bytes(range(256))
