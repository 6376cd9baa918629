"""What report.html says beyond pytest-html's own: nothing that comes from elsewhere becomes markup."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_f07.equivalence.comparison import Equivalence
from pytest_f07.results import report
from pytest_f07.results.audit import DatasetStats, ModelAudit
from pytest_f07.results.compare import Change, Comparison, Flip, ModelChange
from pytest_f07.results.metrics import Metrics
from pytest_f07.results.report import Page
from pytest_f07.results.scores import RowExample, Scores, SmallestRows
from pytest_f07.results.verdict import Failure, Verdict
from pytest_f07.variant.package import Model
from pytest_f07.vectorize import Vectorization
from tests.unit.small_run import model

HOSTILE = "<script>alert('x')</script>\"&amp;"
VOID = {"img"}
LATENCY = {"p50_ms": 1.25, "p95_ms": 2.0, "p99_ms": 30.0}


class Read(HTMLParser):
    """The elements of a piece of HTML with their attributes, its text as a browser shows it, what each element says."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text, self._open, self._said = "", [], {}
        self.feed(html)
        self.close()
        assert not self._open, "an element is not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(len(self.elements) - 1)

    def handle_endtag(self, tag: str) -> None:
        assert self.elements[self._open.pop()][0] == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        for element in self._open:
            self._said[element] = self._said.get(element, "") + data

    def said(self, tag: str, **attributes: str) -> list[str]:
        """What the elements say that have these attributes."""
        return [
            self._said.get(index, "").strip()
            for index, (name, having) in enumerate(self.elements)
            if name == tag and attributes.items() <= having.items()
        ]

    @property
    def shape(self) -> list[tuple[str, list[str]]]:
        """Elements and their attributes' names: what a text must never change."""
        return [(tag, list(attributes)) for tag, attributes in self.elements]


def passed(name: str) -> Verdict:
    return Verdict(name, Metrics(name, 3, 4, 1, 2, no_ref_pred_1=5), audit=ModelAudit())


def failed(name: str) -> Verdict:
    return Verdict(name, Metrics(name), failures=[Failure("F07-BOOKS", "no")], audit=ModelAudit())


def page(*verdicts: Verdict, **more: object) -> Page:
    """A page of these verdicts on which nothing else is told."""
    values = {
        "variant": "v701", "package": "v601", "models": [], "verdicts": {one.prediction_name: one for one in verdicts},
        "expected": len(verdicts), "note": None, "began": "2026-02-15 21:43:59 UTC", "seconds": 12.34, "counts": {},
        "windows_per_second": 0.0, "latency": {}, "requests": 0, "warnings": [], "log_tail": [], "provenance": {},
    }  # fmt: skip
    return Page(**{**values, **more})


def shown(row: RowExample) -> SmallestRows:
    return SmallestRows({(b"", 0): (0.1, row)})


def whole(text: str) -> tuple[list[str], Page]:
    """A page that has everything, with ``text`` in every place where a text from elsewhere can stand; those texts."""
    said: list[str] = []

    def place(name: str) -> str:
        said.append(f"{name} {text}")
        return said[-1]

    name = place("Name")
    row = RowExample(7, place("Window"), None, 0.75)
    found = ModelAudit(datasets={place("Dataset"): DatasetStats(5, 1, 9, 2, 3, 1)})
    found.scores = Scores(most_wrong=shown(row), nearest=shown(replace(row, window=place("Near"))))
    verdict = replace(
        passed(name), audit=found, asked_alone=9,
        equivalence=Equivalence(0.5, windows=4, emissions=4, smallest_distance=0.1),
        failures=[Failure(place("CODE"), place("Sentence"))], warnings=[place("Remark")],
    )  # fmt: skip
    changes = [Change("f1", 0.5, 0.25)] * 3, [Change("TP", 1, 1)] * 6
    flip = Flip(place("Flipped dataset"), 1, place("Flipped window"), 0.1, 0.9)
    change = ModelChange(place("Changed"), *changes, 9, 1, 0, [flip])
    digest = "0123456789" * 4
    return said, page(
        verdict,
        variant=place("Variant"),
        package=place("Package"),
        note=place("Note"),
        began=place("Began"),
        counts={"windows": 10**9, "predictions": 3},
        latency=LATENCY,
        requests=4,
        warnings=[place("Warning")],
        log_tail=[place("Line 1"), place("Line 2")],
        provenance={place("Fact"): place(digest)},
        files={place("File"): {"size": 1, "sha256": place(digest[::-1])}},
        comparison_png=b"x",
        pace_png=b"y",
        compared=Comparison(place("Then"), place("Its package"), "2026", [change], [place("Remark of it")]),
    )


def whole_model(text: str) -> tuple[list[str], Model]:
    """A model whose every text holds ``text``."""
    said = [f"{name} {text}" for name in ("kind", "source", "strategy")]
    kind, source, strategy = said
    vectorization = Vectorization(kind, (1,), 1)
    summary = {"test_metrics": {"f1": 0.5}, "imbalance_policy": {"config": {"strategy": strategy}}}
    said[2] = strategy[:40]
    return said, replace(model("a", source), vectorization=vectorization, summary=summary)


def pieces(text: str) -> tuple[list[str], list[str]]:
    """All HTML that is made, and all texts that must stand in it."""
    said, told = whole(text)
    said_of_it, of_it = whole_model(text)
    [verdict] = told.verdicts.values()
    pictures = {"confusion": b"z", "scores": b"z"}
    html = [report.above(told), report.below(told), report.name_cell(verdict.prediction_name, of_it)]
    html += [report.model_html(verdict, of_it, pictures), *report.row_cells(verdict, of_it)]
    return html, said + said_of_it


TEXT = st.just(HOSTILE) | st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1)
HARMLESS = [Read(html).shape for html in pieces("harmless")[0]]


@given(TEXT)
def test_every_text_is_shown_as_it_is_and_is_never_markup(text: str) -> None:
    html, said = pieces(text)
    read = [Read(piece) for piece in html]
    assert [one.shape for one in read] == HARMLESS
    shown = "".join(one.text for one in read)
    for one in said:
        assert one in shown
    values = [having for one in read for _, having in one.elements]
    assert all(having["src"].startswith("data:image/png;base64,") for having in values if "src" in having)
    assert {having["data-copy"] for having in values if "data-copy" in having} <= set(said)
    assert sum(f"Name {text}" in having.get("alt", "") for having in values) == 3


OUTCOMES = {
    "PASSED": (
        [passed("a"), passed("b")], 2, None, "2 of 2", "passed",
        "All 2 models do in the runtime what the package says.",
    ),
    "PASSED alone": (
        [passed("a")], 1, None, "1 of 1", "passed", "The model does in the runtime what the package says."
    ),
    "FAILED": (
        [passed("a"), failed("b")], 2, None, "1 of 2", "failed", "1 of 2 models failed; the reason stands below."
    ),
    "NOT COMPLETE": ([passed("a")], 2, None, "1 of 2", "incomplete", "1 of 2 models was not judged."),
    "NOT COMPLETE though all passed": (
        [passed("a")], 1, "The session was interrupted.", "1 of 1", "incomplete", "The session was interrupted."
    ),
    "NOT COMPLETE and nothing judged": ([], 3, "The run broke.", "0 of 3", "incomplete", "The run broke."),
}  # fmt: skip


@pytest.mark.parametrize(("word", "case"), OUTCOMES.items(), ids=OUTCOMES)
def test_the_verdict_says_what_came_out(word: str, case: tuple[list[Verdict], int, str | None, str, str, str]) -> None:
    verdicts, expected, note, counts, style, sentence = case
    read = Read(report.above(page(*verdicts, expected=expected, note=note)))
    word = re.split(" and| though| alone", word)[0]
    [shown] = read.said("p", **{"class": "f07-word"})
    assert shown.lstrip("✓✕! ") == word
    assert read.said("p", **{"class": "f07-sentence"}) == [sentence]
    assert len(read.said("section", **{"class": f"f07-verdict {style}"})) == 1
    assert read.said("dd")[:3] == ["v701", "v601", f"{counts} passed"]
    told = [f"F07-BOOKS {one.prediction_name}: no" for one in verdicts if one.failures]
    assert read.said("li") == told


def test_columns_and_cells_stand_in_one_order() -> None:
    heads = [Read(cell) for cell in report.header_cells()]
    cells = [Read(cell) for cell in report.row_cells(passed("a"), None)]
    assert [head.text.replace("\N{NO-BREAK SPACE}", " ") for head in heads] == [
        "TP", "TN", "FP", "FN", "Precision", "Recall", "F1", "Base rate", "MCC", "No ref. 1", "No ref. 0",
        "No ref.", "Not numbers", "Unknown codes", "Empty windows",
    ]  # fmt: skip
    shown = [cell.text.split()[0].removesuffix("0.3006").removesuffix("0.2307") for cell in cells]
    assert shown == [
        "3", "4", "1", "2", "0.7500", "0.6000", "0.6667", "50.00%", "0.4082", "5", "0", "5", "0", "0.00%", "0.00%"
    ]  # fmt: skip
    for head, cell in zip(heads, cells, strict=True):
        (_, of_head), (_, of_cell) = head.elements[0], cell.elements[0]
        assert of_cell["class"] == f"col-{of_head['data-column-type']}"
        assert of_cell["data-label"] == head.text
        assert of_head["title"]


def test_a_models_own_figures_stand_below_ours() -> None:
    tested = {"precision": 0.5, "f1": 0.25, "confusion_matrix": [[1, 1], [1, 5]]}
    cells = report.row_cells(passed("a"), replace(model("a", "v402"), summary={"test_metrics": tested}))
    shown = {column.title: Read(cell).said("small") for column, cell in zip(report.COLUMNS, cells, strict=True)}
    assert {title: text for title, text in shown.items() if text} == {
        "Precision": ["0.3006 to 0.9544", "F05 0.5000"], "Recall": ["0.2307 to 0.8824"], "F1": ["F05 0.2500"],
        "Base rate": ["F05 75.00%"],
    }  # fmt: skip


def in_order(verdicts: list[Verdict], title: str) -> list[str]:
    """The models as pytest-html sorts them by a column: by its cells' text."""
    place = [column.title for column in report.COLUMNS].index(title)
    cells = {one.prediction_name: Read(report.row_cells(one, None)[place]).text for one in verdicts}
    return sorted(cells, key=lambda name: cells[name])


@given(st.lists(st.integers(0, 10**11), min_size=2, max_size=6, unique=True))
def test_numbers_sort_as_texts_in_their_own_order(counts: list[int]) -> None:
    verdicts = [Verdict(str(count), Metrics("a", tp=count), audit=ModelAudit()) for count in counts]
    assert in_order(verdicts, "TP") == [str(count) for count in sorted(counts)]
    with_rate = [Verdict(str(count), Metrics("a", tp=count, tn=10**11 - count), audit=ModelAudit()) for count in counts]
    rates = [Read(report.row_cells(one, None)[7]).text for one in with_rate]
    assert [float(rate.strip("% ")) for rate in sorted(rates)] == sorted(float(rate.strip("% ")) for rate in rates)


def test_correlations_sort_as_texts_though_some_are_negative() -> None:
    """pytest-html compares the source of the cells."""
    place = [column.key for column in report.COLUMNS].index("mcc")
    tables = [(0, 0, 9, 9), (1, 1, 9, 9), (3, 1, 4, 2), (3, 4, 1, 2), (9, 9, 0, 0)]  # from all wrong to all right
    cells = [
        report.row_cells(Verdict("a", Metrics("a", *counts), audit=ModelAudit()), None)[place] for counts in tables
    ]
    assert sorted(cells) == cells
    assert [Read(cell).text.strip() for cell in cells][::4] == ["-1.0000", "1.0000"]


def test_a_model_that_was_not_judged_has_dashes() -> None:
    tested = replace(model("a", "v402"), summary={"test_metrics": {"f1": 0.5}})
    for verdict in (None, Verdict("a")):
        for known in (None, tested):
            assert [Read(cell).text for cell in report.row_cells(verdict, known)] == ["–"] * len(report.COLUMNS)
    assert "The run broke before there was anything to show." in report.model_html(Verdict("a"), tested, {})


def test_what_is_empty_is_left_out() -> None:
    read = Read(report.above(page(passed("a"))) + report.below(page(passed("a"))))
    headings = read.said("h2") + read.said("summary")
    assert headings == ["Models", "More", "Provenance: what was validated, with what", "Environment of pytest"]
    assert "img" not in {tag for tag, _ in read.elements}
    read = Read(report.above(page(failed("a"), warnings=["w"], log_tail=["l"])))
    assert read.said("h2") + read.said("summary") == [
        "What failed", "Worth knowing", "Models", "Last lines of the server's log"
    ]  # fmt: skip


def test_a_picture_is_embedded_as_it_is() -> None:
    png = bytes(range(256))
    verdict = replace(passed("a"), audit=ModelAudit())
    html = report.below(page(passed("a"), comparison_png=png, pace_png=png, latency=LATENCY))
    html += report.model_html(verdict, model("a", "v402"), {"confusion": png, "scores": png})
    embedded = re.findall(r'src="data:image/png;base64,([^"]*)"', html)
    assert [base64.b64decode(one) for one in embedded] == [png] * 4


def test_the_tables_numbers_are_those_of_the_run() -> None:
    found = ModelAudit(datasets={"v401": DatasetStats(1000, 250, 8, 2, 1234, 5), "v402": DatasetStats()})
    found.scores = Scores(most_wrong=shown(RowExample(1200, "[1,5]", 1, 0.25)))
    metrics = Metrics("a", 3, 4, 1, 2, no_ref={"v401": (7, 8)})
    read = Read(report.model_html(Verdict("a", metrics, audit=found), model("a", "v402"), {}))
    rows = [" ".join(row.split()) for row in read.said("tr")]
    assert "1,200 1 0.250000 [1,5]".replace(" ", "") in [row.replace(" ", "") for row in rows]
    cells = " ".join(read.said("td")[-14:])
    assert cells == "1,000 1,234 7 8 5 25.00% 25.00% 0 0 0 0 0 0.00% 0.00%"
    assert read.said("th", scope="row") == ["v401", "v402 (own)"]
