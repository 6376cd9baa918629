"""Test the parts of report.html beside pytest-html's own: no text of a package becomes markup."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_f07.equivalence.comparison import Equivalence
from pytest_f07.results import report
from pytest_f07.results.audit import DatasetStats, ModelAudit
from pytest_f07.results.checks import Check
from pytest_f07.results.comparison.compare import Change, Comparison, ModelChange
from pytest_f07.results.comparison.flips import Flip, Flips
from pytest_f07.results.comparison.history import HistoryEntry
from pytest_f07.results.comparison.pairs import CELLS, Pairs
from pytest_f07.results.metrics import Metrics
from pytest_f07.results.page import Page
from pytest_f07.results.scores import RowExample, Scores, SmallestRows
from pytest_f07.results.verdict import Failure, Verdict
from pytest_f07.variant.package import Model
from pytest_f07.vectorize import Vectorization
from tests.unit.small_run import model

quick = settings(derandomize=True, deadline=None)
HOSTILE = "<script>alert('x')</script>\"&amp;"
VOID = {"img"}
LATENCY = {"p50_ms": 1.25, "p95_ms": 2.0, "p99_ms": 30.0}


class ParsedHtml(HTMLParser):
    """The elements of a piece of HTML with their attributes, and its text as a browser shows it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self._open: list[int] = []
        self._texts: dict[int, str] = {}
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
            self._texts[element] = self._texts.get(element, "") + data

    def texts(self, tag: str, **attributes: str) -> list[str]:
        """Return the text of each element with this tag and these attributes."""
        return [
            self._texts.get(index, "").strip()
            for index, (name, values) in enumerate(self.elements)
            if name == tag and attributes.items() <= values.items()
        ]

    @property
    def shape(self) -> list[tuple[str, list[str]]]:
        """Return the elements and their attributes' names, which no text may change."""
        return [(tag, list(attributes)) for tag, attributes in self.elements]


def passed_verdict(name: str) -> Verdict:
    return Verdict(name, Metrics(name, 3, 4, 1, 2, no_ref_pred_1=5), audit=ModelAudit())


def failed_verdict(name: str) -> Verdict:
    return Verdict(name, Metrics(name), failures=[Failure("F07-BOOKS", "no")], audit=ModelAudit())


def make_page(*verdicts: Verdict, **values: Any) -> Page:
    """Return a page that shows these verdicts, and nothing else but the given values."""
    page = Page(
        variant="v701",
        package="v601",
        models=[],
        verdicts={verdict.prediction_name: verdict for verdict in verdicts},
        expected=len(verdicts),
        note=None,
        began="2026-02-15 21:43:59 UTC",
        seconds=12.34,
        counts={},
        windows_per_second=0.0,
        latency={},
        requests=0,
        warnings=[],
        log_tail=[],
        provenance={},
    )
    return replace(page, **values)


def smallest_rows(row: RowExample) -> SmallestRows:
    """Return one row as the only one."""
    return SmallestRows({(b"", 0): (0.1, row)})


def full_page(text: str) -> tuple[list[str], Page]:
    """Return a page with every part, and ``text`` wherever a text of a package can stand; and those texts."""
    texts: list[str] = []

    def place(name: str) -> str:
        texts.append(f"{name} {text}")
        return texts[-1]

    name = place("Name")
    row = RowExample(7, place("Window"), None, 0.75)
    audit = ModelAudit(datasets={place("Dataset"): DatasetStats(5, 1, 9, 2, 3, 1)})
    audit.scores = Scores(most_wrong=smallest_rows(row), nearest=smallest_rows(replace(row, window=place("Near"))))
    verdict = replace(
        passed_verdict(name),
        audit=audit,
        infer_windows=9,
        equivalence=Equivalence(0.5, windows=4, emissions=4, smallest_distance=0.1),
        failures=[Failure(place("CODE"), place("Sentence"))],
        warnings=[place("Remark")],
    )
    changes = [Change("f1", 0.5, 0.25)] * 3, [Change("TP", 1, 1)] * 6
    flip = Flip(place("Flipped dataset"), 1, place("Flipped window"), 0.1, 0.9)
    wrong = Flip("v401", 2, place("Wrong window"), 0.2, 0.8)
    pairs = Pairs(place("Own dataset"), 60, np.ones((1, CELLS), np.int64), {"newly wrong": [(wrong, 0)]})
    change = ModelChange(place("Changed"), *changes, Flips(9, 1, 0, [flip]), pairs)
    digest = "0123456789" * 4
    return texts, make_page(
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
        history={
            place("Old name"): [
                HistoryEntry("2026", place("Run"), place("Old package"), "", "passed", {}, (place("Change"),))
            ]
        },
        checks=[Check("identity", place("Title"), place("Reason"))],
        comparison=Comparison(place("Then"), place("Its package"), "2026", [change], [place("Remark of it")]),
    )


def full_model(text: str) -> tuple[list[str], Model]:
    """Return a model whose every text holds ``text``; and those texts."""
    kind: Any = f"kind {text}"
    source, strategy = f"source {text}", f"strategy {text}"
    vectorization = Vectorization(kind, (1,), 1)
    summary = {"test_metrics": {"f1": 0.5}, "imbalance_policy": {"config": {"strategy": strategy}}}
    return [kind, source, strategy[:40]], replace(model("a", source), vectorization=vectorization, summary=summary)


def render_all(text: str) -> tuple[list[str], list[str]]:
    """Return all pieces of HTML, and all texts that must stand in them."""
    page_texts, page = full_page(text)
    model_texts, model = full_model(text)
    [verdict] = page.verdicts.values()
    figures = {"confusion": b"z", "scores": b"z"}
    html = [report.verdict_html(page), report.details_html(page), report.name_cell(verdict.prediction_name, model)]
    html += [report.model_html(verdict, model, figures), *report.row_cells(verdict, model)]
    return html, page_texts + model_texts


TEXT = st.just(HOSTILE) | st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1)
HARMLESS = [ParsedHtml(html).shape for html in render_all("harmless")[0]]


@quick
@given(TEXT)
def test_every_text_is_shown_as_it_is_and_is_never_markup(text: str) -> None:
    html, texts = render_all(text)
    pieces = [ParsedHtml(piece) for piece in html]
    assert [piece.shape for piece in pieces] == HARMLESS
    visible = "".join(piece.text for piece in pieces)
    for page_text in texts:
        assert page_text in visible
    attributes = [values for piece in pieces for _, values in piece.elements]
    assert all(values["src"].startswith("data:image/png;base64,") for values in attributes if "src" in values)
    assert {values["data-copy"] for values in attributes if "data-copy" in values} <= set(texts)
    assert sum(f"Name {text}" in values.get("alt", "") for values in attributes) == 3


OUTCOMES = {
    "PASSED": (
        [passed_verdict("a"), passed_verdict("b")],
        2,
        None,
        "2 of 2",
        "passed",
        "All 2 models do in the runtime what the package says.",
    ),
    "PASSED alone": (
        [passed_verdict("a")],
        1,
        None,
        "1 of 1",
        "passed",
        "The model does in the runtime what the package says.",
    ),
    "FAILED": (
        [passed_verdict("a"), failed_verdict("b")],
        2,
        None,
        "1 of 2",
        "failed",
        "1 of 2 models failed; the reason stands below.",
    ),
    "NOT COMPLETE": ([passed_verdict("a")], 2, None, "1 of 2", "incomplete", "1 of 2 models was not judged."),
    "NOT COMPLETE though all passed": (
        [passed_verdict("a")],
        1,
        "The session was interrupted.",
        "1 of 1",
        "incomplete",
        "The session was interrupted.",
    ),
    "NOT COMPLETE and nothing judged": ([], 3, "The run broke.", "0 of 3", "incomplete", "The run broke."),
}


@pytest.mark.parametrize(("word", "case"), OUTCOMES.items(), ids=OUTCOMES)
def test_the_verdict_says_what_came_out(word: str, case: tuple[list[Verdict], int, str | None, str, str, str]) -> None:
    verdicts, expected, note, counts, style, sentence = case
    html = ParsedHtml(report.verdict_html(make_page(*verdicts, expected=expected, note=note)))
    word = re.split(" and| though| alone", word)[0]
    [shown] = html.texts("p", **{"class": "f07-word"})
    assert shown.lstrip("✓✕! ") == word
    assert html.texts("p", **{"class": "f07-sentence"}) == [sentence]
    assert len(html.texts("section", **{"class": f"f07-verdict {style}"})) == 1
    assert html.texts("dd")[:3] == ["v701", "v601", f"{counts} passed"]
    failures = [f"F07-BOOKS {verdict.prediction_name}: no" for verdict in verdicts if verdict.failures]
    assert html.texts("li") == failures


def test_columns_and_cells_stand_in_one_order() -> None:
    heads = [ParsedHtml(cell) for cell in report.header_cells()]
    cells = [ParsedHtml(cell) for cell in report.row_cells(passed_verdict("a"), None)]
    assert [head.text.replace("\N{NO-BREAK SPACE}", " ") for head in heads] == [
        "TP",
        "TN",
        "FP",
        "FN",
        "Precision",
        "Recall",
        "F1",
        "Base rate",
        "MCC",
        "No ref. 1",
        "No ref. 0",
        "No ref.",
        "Not numbers",
        "Unknown codes",
        "Empty windows",
    ]
    shown = [cell.text.split()[0].removesuffix("0.3006").removesuffix("0.2307") for cell in cells]
    assert shown == [
        "3",
        "4",
        "1",
        "2",
        "0.7500",
        "0.6000",
        "0.6667",
        "50.00%",
        "0.4082",
        "5",
        "0",
        "5",
        "0",
        "undefined",
        "undefined",
    ]
    for head, cell in zip(heads, cells, strict=True):
        (_, head_attributes), (_, cell_attributes) = head.elements[0], cell.elements[0]
        assert cell_attributes["class"] == f"col-{head_attributes['data-column-type']}"
        assert cell_attributes["data-label"] == head.text
        assert head_attributes["title"]


def test_a_models_own_figures_stand_below_ours() -> None:
    test_metrics = {"precision": 0.5, "f1": 0.25, "confusion_matrix": [[1, 1], [1, 5]]}
    cells = report.row_cells(passed_verdict("a"), replace(model("a", "v402"), summary={"test_metrics": test_metrics}))
    shown = {column.title: ParsedHtml(cell).texts("small") for column, cell in zip(report.COLUMNS, cells, strict=True)}
    assert {title: text for title, text in shown.items() if text} == {
        "Precision": ["0.3006 to 0.9544", "F05 0.5000"],
        "Recall": ["0.2307 to 0.8824"],
        "F1": ["F05 0.2500"],
        "Base rate": ["F05 75.00%"],
    }


def sort_models(verdicts: list[Verdict], title: str) -> list[str]:
    """Return the models as pytest-html sorts them by a column: by the text of its cells."""
    place = [column.title for column in report.COLUMNS].index(title)
    cells = {verdict.prediction_name: ParsedHtml(report.row_cells(verdict, None)[place]).text for verdict in verdicts}
    return sorted(cells, key=lambda name: cells[name])


@quick
@given(st.lists(st.integers(0, 10**11), min_size=2, max_size=6, unique=True))
def test_numbers_sort_as_texts_in_their_own_order(counts: list[int]) -> None:
    verdicts = [Verdict(str(count), Metrics("a", tp=count), audit=ModelAudit()) for count in counts]
    assert sort_models(verdicts, "TP") == [str(count) for count in sorted(counts)]
    with_rate = [Verdict(str(count), Metrics("a", tp=count, tn=10**11 - count), audit=ModelAudit()) for count in counts]
    rates = [ParsedHtml(report.row_cells(verdict, None)[7]).text for verdict in with_rate]
    assert [float(rate.strip("% ")) for rate in sorted(rates)] == sorted(float(rate.strip("% ")) for rate in rates)


def test_correlations_sort_as_texts_though_some_are_negative() -> None:
    """pytest-html compares the source of the cells."""
    place = [column.key for column in report.COLUMNS].index("mcc")
    tables = [(0, 0, 9, 9), (1, 1, 9, 9), (3, 1, 4, 2), (3, 4, 1, 2), (9, 9, 0, 0)]  # from all wrong to all right
    cells = [
        report.row_cells(Verdict("a", Metrics("a", *counts), audit=ModelAudit()), None)[place] for counts in tables
    ]
    assert sorted(cells) == cells
    assert [ParsedHtml(cell).text.strip() for cell in cells][::4] == ["-1.0000", "1.0000"]


def test_a_model_that_was_not_judged_has_dashes() -> None:
    tested_model = replace(model("a", "v402"), summary={"test_metrics": {"f1": 0.5}})
    for verdict in (None, Verdict("a")):
        for known_model in (None, tested_model):
            assert [ParsedHtml(cell).text for cell in report.row_cells(verdict, known_model)] == ["–"] * len(
                report.COLUMNS
            )
    assert "The run broke before there was anything to show." in report.model_html(Verdict("a"), tested_model, {})


def test_what_is_empty_is_left_out() -> None:
    html = ParsedHtml(
        report.verdict_html(make_page(passed_verdict("a"))) + report.details_html(make_page(passed_verdict("a")))
    )
    headings = html.texts("h2") + html.texts("summary")
    assert headings == ["Models", "More", "Provenance: what was validated, with what", "Environment of pytest"]
    assert "img" not in {tag for tag, _ in html.elements}
    html = ParsedHtml(report.verdict_html(make_page(failed_verdict("a"), warnings=["w"], log_tail=["l"])))
    assert html.texts("h2") + html.texts("summary") == [
        "What failed",
        "Worth knowing",
        "Models",
        "Last lines of the server's log",
    ]


def test_a_picture_is_embedded_as_it_is() -> None:
    png = bytes(range(256))
    verdict = replace(passed_verdict("a"), audit=ModelAudit())
    html = report.details_html(make_page(passed_verdict("a"), comparison_png=png, pace_png=png, latency=LATENCY))
    html += report.model_html(verdict, model("a", "v402"), {"confusion": png, "scores": png})
    embedded = re.findall(r'src="data:image/png;base64,([^"]*)"', html)
    assert [base64.b64decode(text) for text in embedded] == [png] * 4


def test_the_tables_numbers_are_those_of_the_run() -> None:
    audit = ModelAudit(datasets={"v401": DatasetStats(1000, 250, 8, 2, 1234, 5), "v402": DatasetStats()})
    audit.scores = Scores(most_wrong=smallest_rows(RowExample(1200, "[1,5]", 1, 0.25)))
    metrics = Metrics("a", 3, 4, 1, 2, no_ref={"v401": (7, 8)})
    html = ParsedHtml(report.model_html(Verdict("a", metrics, audit=audit), model("a", "v402"), {}))
    rows = [" ".join(row.split()) for row in html.texts("tr")]
    assert "1,200 1 0.250000 [1,5]".replace(" ", "") in [row.replace(" ", "") for row in rows]
    cells = " ".join(html.texts("td")[-14:])
    assert cells == "1,000 1,234 7 8 5 25.00% 25.00% 0 0 0 0 0 0.00% 0.00%"
    assert html.texts("th", scope="row") == ["v401", "v402 (own)"]


def test_the_codes_that_change_a_wrong_score_stand_in_its_row() -> None:
    rows = smallest_rows(RowExample(7, "[1,5]", 1, 0.25, ((5, -0.1234567), (1, float("nan")))))
    audit = ModelAudit(scores=Scores(most_wrong=rows, nearest=smallest_rows(RowExample(8, "[2]", 1, 0.5))))
    html = ParsedHtml(report.model_html(Verdict("a", Metrics("a"), audit=audit), model("a", "v402"), {}))
    wrong, near = (" ".join(row.split()) for row in html.texts("tr") if "[" in row)
    assert ("5 -0.1235 1 no score left [1,5]" in wrong, "[2]" in near, html.text.count("Codes: how")) == (True, True, 1)


def test_scores_of_the_oracle_are_called_so() -> None:
    audit = ModelAudit(has_scores=False, scores=Scores(most_wrong=smallest_rows(RowExample(7, "[1,5]", 1, 0.25))))
    html = report.model_html(Verdict("a", Metrics("a"), audit=audit), model("a", "v402"), {})
    assert "The server gives labels alone; the scores are the oracle's." in html


def test_a_models_figures_are_told_in_words() -> None:
    verdict = Verdict("a", Metrics("a", tp=3, tn=6, fp=1, fn=2), audit=ModelAudit())
    html = ParsedHtml(report.model_html(verdict, model("a", "v402"), {"confusion": b"x", "scores": b"y"}))
    assert [values["alt"] for name, values in html.elements if name == "img"] == [
        "Confusion matrix of a: 3 true positives, 6 true negatives, 1 false positives, 2 false negatives.",
        "Scores of a by label, and precision and recall over the threshold. At today's threshold 0.5 precision is "
        "0.7500 and recall 0.6000.",
    ]
    assert "Here it answered 12 labelled windows of v402, 41.7% of them labelled 1." in " ".join(html.text.split())


def test_a_flipped_row_stands_with_its_score_then_and_now() -> None:
    flip, wrong = Flip("v402", 1, "[7]", 0.1, 0.9), Flip("v401", 2, "[8]", 0.25, 0.75)
    pairs = Pairs("v401", 60, np.ones((1, CELLS), np.int64), {"newly wrong": [(wrong, 0)]})
    change = ModelChange("a", [Change("f1", 0.5, 0.25)] * 3, [Change("TP", 1, 1)] * 6, Flips(9, 1, 0, [flip]), pairs)
    html = report.verdict_html(
        make_page(passed_verdict("a"), comparison=Comparison("v700", "v600", "2026", [change], []))
    )
    tables = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", table) for table in re.findall(r"(?s)<table.*?</table>", html)]
    assert [[re.sub("<.*?>", "", cell) for cell in table] for table in tables[-2:]] == [
        ["Row", "Label", "Score then", "Score now", "Window", "2", "0", "0.2500", "0.7500", "[8]"],
        ["Dataset", "Row", "Score then", "Score now", "Window", "v402", "1", "0.1000", "0.9000", "[7]"],
    ]
