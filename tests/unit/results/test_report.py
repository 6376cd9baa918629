"""Test what report.html shows beside pytest-html's own parts: no text of a package becomes markup."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
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
from pytest_f07.results.chart import Chart
from pytest_f07.results.checks import Check
from pytest_f07.results.comparison.compare import Comparison
from pytest_f07.results.comparison.flips import Flip, Flips
from pytest_f07.results.comparison.history import HistoryEntry
from pytest_f07.results.comparison.model_change import Change, ModelChange
from pytest_f07.results.comparison.pairs import CELLS, Pairs
from pytest_f07.results.failure_codes import FAILURE_CODES
from pytest_f07.results.figures import ComparisonPoint
from pytest_f07.results.metrics import Metrics
from pytest_f07.results.page import MANY_MODELS, Page
from pytest_f07.results.run_charts import describe_models, describe_pace
from pytest_f07.results.scores import BINS, RowExample, Scores, SmallestRows
from pytest_f07.results.verdict import Failure, Verdict, broken_verdict
from pytest_f07.variant.package import Model
from pytest_f07.vectorize import Vectorization
from tests.unit.results.test_take_away import read_data_uri
from tests.unit.small_run import model

quick = settings(derandomize=True, deadline=None)
HOSTILE = "<script>alert('x')</script>\"&amp;"
VOID = {"img", "input", "meta", "wbr"}
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
        return [(tag, list(attributes)) for tag, attributes in self.elements if tag != "wbr"]


def passed_verdict(name: str) -> Verdict:
    return Verdict(name, Metrics(name, 3, 4, 1, 2, no_ref_pred_1=5), audit=ModelAudit())


def failed_verdict(name: str) -> Verdict:
    return Verdict(name, Metrics(name), failures=[Failure("F07-BOOKS", "no")], audit=ModelAudit())


def make_page(*verdicts: Verdict, **values: Any) -> Page:
    """Return a page that shows these verdicts, and nothing else but the given values."""
    page = Page(
        variant="v701",
        package="v601",
        models=[model(verdict.prediction_name, "v402") for verdict in verdicts],
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


def scored(**values: Any) -> Scores:
    """Return the scores of two rows."""
    return Scores(by_label=np.eye(2, BINS, dtype=np.int64), **values)


def full_page(text: str) -> tuple[list[str], Page]:
    """Return a page with every part, and ``text`` wherever a text of a package can stand; and those texts."""
    texts: list[str] = []

    def place(name: str) -> str:
        texts.append(f"{name} {text}")
        return texts[-1]

    name = place("Name")
    row = RowExample(7, place("Window"), 0, 0.75)
    audit = ModelAudit(datasets={place("Dataset"): DatasetStats(5, 1, 9, 2, 3, 1)})
    audit.scores = scored(most_wrong=smallest_rows(row), nearest=smallest_rows(replace(row, window=place("Near"))))
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
        side_by_side=describe_models([ComparisonPoint(place("Beside"), {"f1": 0.5}, {})]),
        pace=describe_pace([(0.5, 10, 0.1)]),
        history={
            place("Old name"): [
                HistoryEntry("2026", place("Run"), place("Old package"), "", "passed", {}, (place("Change"),))
            ]
        },
        checks=[Check("identity", place("Title"), place("Reason"))],
        comparison=Comparison(place("Then"), place("Its package"), "2026", [change], [place("Remark of it")]),
    )


def full_model(name: str, text: str) -> tuple[list[str], Model]:
    """Return a model whose every text holds ``text``; and those texts."""
    kind: Any = f"kind {text}"
    source, strategy = f"source {text}", f"strategy {text}"
    vectorization = Vectorization(kind, (1,), 1)
    summary = {"test_metrics": {"f1": 0.5}, "imbalance_policy": {"config": {"strategy": strategy}}}
    return [kind, source, strategy[:40]], replace(model(name, source), vectorization=vectorization, summary=summary)


def render_all(text: str) -> tuple[str, list[str]]:
    """Return the page, and all texts that must stand in it."""
    page_texts, page = full_page(text)
    [name] = page.verdicts
    model_texts, its_model = full_model(name, text)
    return report.page_html(replace(page, models=[its_model], note=None)), page_texts + model_texts


TEXT = st.just(HOSTILE) | st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1)
HARMLESS = ParsedHtml(render_all("harmless")[0]).shape


@quick
@given(TEXT)
def test_every_text_is_shown_as_it_is_and_is_never_markup(text: str) -> None:
    html, texts = render_all(text)
    parsed = ParsedHtml(html)
    assert parsed.shape == HARMLESS
    for page_text in texts:
        assert page_text in parsed.text or page_text.startswith("Note ")
    attributes = [values for _, values in parsed.elements]
    assert all(values["href"].startswith(("#", "data:")) for values in attributes if "href" in values)
    assert not any("src" in values for values in attributes)
    assert {values["data-copy"] for values in attributes if "data-copy" in values} <= set(texts)


@quick
@given(TEXT)
def test_a_note_is_shown_as_it_is(text: str) -> None:
    html = ParsedHtml(report.page_html(make_page(note=text)))
    assert text.strip() in html.texts("p", **{"class": "f07-sentence"})


OUTCOMES = {
    "PASSED": (
        [passed_verdict("a"), passed_verdict("b")],
        2,
        None,
        "2 of 2",
        "passed",
        "The server answers what the package's models compute.",
    ),
    "PASSED alone": (
        [passed_verdict("a")],
        1,
        None,
        "1 of 1",
        "passed",
        "The server answers what the package's model computes.",
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
    html = ParsedHtml(report.page_html(make_page(*verdicts, expected=expected, note=note)))
    word = re.split(" and| though| alone", word)[0]
    [shown] = html.texts("p", **{"class": "f07-word"})
    assert shown.lstrip("✓✕! ") == word
    assert html.texts("p", **{"class": "f07-sentence"}) == [sentence]
    assert len(html.texts("section", **{"class": f"f07-verdict {style}"})) == 1
    assert html.texts("dd")[:3] == ["v701", "v601", f"{counts} {'judged' if word == 'NOT COMPLETE' else 'passed'}"]
    says_what_it_does_not = "That does not say whether labels are right" in html.text
    assert says_what_it_does_not == (word == "PASSED")


def test_what_was_not_held_against_the_oracle_is_not_called_proven() -> None:
    off = Check("equivalence_labels", "Equivalence", "equivalence is off in params.yaml", is_off=True)
    html = ParsedHtml(report.page_html(make_page(passed_verdict("a"), checks=[off])))
    [sentence] = html.texts("p", **{"class": "f07-sentence"})
    assert "was not looked at" in sentence
    assert "The server answers what" not in html.text


def test_what_failed_is_told_by_code_and_sentence_with_its_explanation() -> None:
    def failed(name: str, *failures: tuple[str, str]) -> Verdict:
        return replace(passed_verdict(name), failures=[Failure(*failure) for failure in failures])

    page = make_page(
        failed("a", ("F07-BOOKS", "no balance"), ("F07-INFER", "says otherwise")),
        failed("b", ("F07-BOOKS", "no balance")),
        *(failed(f"c{number}", ("F07-INFER", f"differs {number}"), ("F07-INFER", "late")) for number in range(6)),
    )
    html = ParsedHtml(report.page_html(page))
    assert html.texts("h3")[:2] == ["F07-BOOKS 2 models", "F07-INFER 7 models"]
    [failures] = html.texts("section", **{"aria-label": "Failures"})
    assert "a, b: no balance" in failures
    assert failures.count("no balance") == 1
    assert [failures.count(f"differs {number}") for number in range(6)] == [1] * 6
    [rest] = [text for text in html.texts("details") if text.startswith("3 more")]
    assert [name for name in ("says otherwise", "late", "differs 2", "differs 3", "differs 5") if name in rest] == [
        "differs 3",
        "differs 5",
    ]
    assert "What F07-BOOKS means, and what to do" in failures
    assert FAILURE_CODES["F07-INFER"].remedy in failures
    assert html.texts("td", **{"class": "f07-result"})[:2] == ["failedF07-BOOKSF07-INFER", "failedF07-BOOKS"]


def test_many_remarks_are_folded_but_for_ten() -> None:
    html = ParsedHtml(report.page_html(make_page(warnings=[f"remark {number:02}" for number in range(12)])))
    [section] = html.texts("section", **{"aria-label": "Warnings"})
    shown, rest = section.split("2 more")
    assert ("remark 09." in shown, "remark 10." in shown, "remark 11." in rest) == (True, False, True)


def test_at_most_two_failed_rows_unfold_by_themselves() -> None:
    verdicts = [passed_verdict("a"), *(failed_verdict(name) for name in "bcd")]
    html = report.page_html(make_page(*verdicts))
    assert re.findall(r"<details open><summary>Details of (\w)</summary>", html) == ["b", "c"]


def test_the_sentence_of_a_broken_run_stands_once_and_no_model_failed() -> None:
    note = "The run broke: the server died. No metadata was written."
    verdicts = [broken_verdict(name, "the server died") for name in "abc"]
    html = ParsedHtml(report.page_html(make_page(*verdicts, note=note, is_broken=True)))
    assert html.text.count("the server died") == 1
    assert "F07-BROKEN" in html.texts("p", **{"class": "f07-sentence"})[0]
    assert html.texts("td", **{"class": "f07-result"}) == ["not judged"] * 3
    assert "What failed" not in html.text
    assert html.texts("summary")[0] == "What F07-BROKEN means, and what to do"
    assert [values.get("class") for tag, values in html.elements if tag == "details" and "open" in values] == [
        "f07-section"
    ]


ALWAYS = ["TP", "TN", "FP", "FN", "Precision", "Recall", "F1", "Base rate", "MCC"]
SHOWN = {
    "nothing else": ({}, {}, []),
    "no reference": ({"no_ref_pred_1": 5}, {}, ["No ref."]),
    "not numbers": ({}, {"non_finite": 3}, ["Not numbers"]),
    "labels alone": ({}, {"non_finite": 3, "has_scores": False}, []),
}


@pytest.mark.parametrize(("counts", "audit", "more"), SHOWN.values(), ids=SHOWN)
def test_columns_that_are_0_for_all_models_are_left_out(
    counts: dict[str, Any], audit: dict[str, Any], more: list[str]
) -> None:
    verdict = Verdict("a", Metrics("a", 3, 4, 1, 2, **counts), audit=ModelAudit(**audit))
    html = ParsedHtml(report.page_html(make_page(Verdict("b", Metrics("b"), audit=ModelAudit()), verdict)))
    assert [text for text in html.texts("th", scope="col") if not text.startswith(("predicted", "not a"))] == [
        "Result",
        "Model",
        *ALWAYS,
        *more,
    ]
    left_out = [title for title in ("No ref.", "Not numbers", "Unknown codes", "Empty windows") if title not in more]
    assert f"{', '.join(left_out)}: 0 or not known for all models" in html.text
    assert html.texts("dt")[-len(ALWAYS) - len(more) :] == [*ALWAYS, *more]


def cells_of(verdict: Verdict | None, known_model: Model | None = None) -> dict[str, report.Cell]:
    return {cell.column.key: cell for cell in report.make_cells(report.COLUMNS, verdict, known_model)}


def test_a_models_metrics_stand_in_its_row() -> None:
    cells = cells_of(passed_verdict("a"))
    shown = [cell.text for cell in cells.values()]
    ratios = ["0.7500", "0.6000", "0.6667", "50.00%", "0.4082"]
    assert shown == ["3", "4", "1", "2", *ratios, "5", "0", "undefined", "undefined"]


def test_a_models_own_figures_stand_below_ours() -> None:
    test_metrics = {"precision": 0.5, "f1": 0.25, "confusion_matrix": [[1, 1], [1, 5]]}
    cells = cells_of(passed_verdict("a"), replace(model("a", "v402"), summary={"test_metrics": test_metrics}))
    assert {cell.column.title: cell.smalls for cell in cells.values() if cell.smalls} == {
        "Precision": ["0.3006 to 0.9544", "F05 0.5000"],
        "Recall": ["0.2307 to 0.8824"],
        "F1": ["F05 0.2500"],
        "Base rate": ["F05 75.00%"],
    }


def test_a_precision_that_f05_cannot_have_measured_is_undefined() -> None:
    test_metrics = {"precision": 0.0, "recall": 0.0, "confusion_matrix": [[5, 0], [3, 0]]}
    cells = cells_of(passed_verdict("a"), replace(model("a", "v402"), summary={"test_metrics": test_metrics}))
    assert (cells["precision"].smalls[-1], cells["recall"].smalls[-1]) == ("F05 undefined", "F05 0.0000")


def compared(then: float | None, now: float | None) -> str:
    """Return the cell of a metric in the comparison."""
    change = ModelChange("a", [Change("precision", then, now)], [])
    html = ParsedHtml(
        report.page_html(make_page(passed_verdict("a"), comparison=Comparison("v700", "v601", "2026", [change])))
    )
    [row] = [row for row in html.texts("tr") if "not comparable" in row]
    return " ".join(row.split())


COMPARED = {
    "less": (0.75, 0.5, "0.5000 -0.2500"),
    "same": (0.5, 0.5, "0.5000 same"),
    "undefined now": (0.75, None, "undefined 0.7500 then"),
    "undefined then": (None, 0.5, "0.5000 undefined then"),
    "undefined": (None, None, "undefined same"),
}


@pytest.mark.parametrize(("then", "now", "cell"), COMPARED.values(), ids=COMPARED)
def test_a_compared_metric_stands_with_its_change(then: float | None, now: float | None, cell: str) -> None:
    assert compared(then, now) == f"a {cell}not comparable"


def test_a_model_that_was_not_judged_has_dashes_and_nothing_to_unfold() -> None:
    tested_model = replace(model("a", "v402"), summary={"test_metrics": {"f1": 0.5}})
    for verdict in (None, Verdict("a")):
        for known_model in (None, tested_model):
            cells = cells_of(verdict, known_model).values()
            assert {(cell.text, tuple(cell.smalls)) for cell in cells} == {("–", ())}
    html = ParsedHtml(report.page_html(make_page(Verdict("a"), not_judged=["a"], note="n")))
    assert html.texts("td", **{"class": "f07-result"}) == ["not judged"]
    assert "Details of a" not in html.text


def test_a_score_that_is_not_a_number_is_no_true_negative_in_the_picture() -> None:
    scores = Scores(not_numbers=np.array([[3, 0], [1, 0]]))
    verdict = Verdict("a", Metrics("a", tp=5, tn=10, fp=2, fn=3), audit=ModelAudit(scores=scores))
    html = ParsedHtml(report.page_html(make_page(verdict)))
    [confusion] = html.texts("table", **{"class": "f07-confusion"})
    shown = " ".join(confusion.split())
    assert "label 07TN, 58.3% 2FP, 16.7% 3NaN, 25.0%" in shown
    assert "label 12FN, 25.0% 5TP, 62.5% 1NaN, 12.5%" in shown
    assert "is predicted 0 in the metrics" in html.text
    assert (cells_of(verdict)["TN"].smalls, cells_of(verdict)["FN"].smalls) == (["3 NaN"], ["1 NaN"])
    alone = ParsedHtml(report.page_html(make_page(passed_verdict("a"))))
    assert "NaN" not in alone.text


def test_a_row_has_an_id_that_no_other_part_of_the_page_has() -> None:
    names = ["inverter_trip.cnn", "batería", "environment", "title", "F07-models"]
    html = ParsedHtml(report.page_html(make_page(*(passed_verdict(name) for name in names))))
    ids = [values["id"] for tag, values in html.elements if tag == "tbody" and "id" in values]
    assert ids == ["inverter_trip.cnn", "batería", "model-environment", "model-title", "model-F07-models"]
    assert [values["href"][1:] for tag, values in html.elements if tag == "a" and values["href"][0] == "#"] == ids


def test_what_is_empty_is_left_out() -> None:
    html = ParsedHtml(report.page_html(make_page(Verdict("a"))))
    assert html.texts("h2") == ["Models", "More"]
    assert html.texts("th") == ["Result", "Model", "adense_bow, v402, threshold 0.5"]
    assert html.texts("summary") == [
        "Provenance: what was validated, with what",
        "Ask the server about a row",
        "Environment of pytest",
    ]
    assert {"svg", "figure"}.isdisjoint(tag for tag, _ in html.elements)
    html = ParsedHtml(report.page_html(make_page(failed_verdict("a"), warnings=["w"], log_tail=["l"])))
    assert html.texts("h2") == ["What failed", "Worth knowing", "Models", "More"]
    assert "Last lines of the server's log" in html.texts("summary")


def test_metrics_are_taken_away_as_csv_and_json() -> None:
    html = ParsedHtml(report.page_html(make_page(passed_verdict("a"), failed_verdict("b"))))
    files = {values["download"]: read_data_uri(values["href"]) for _, values in html.elements if "download" in values}
    assert list(files) == ["v701_metrics.csv", "v701_metrics.json"]
    assert files["v701_metrics.csv"].splitlines()[1].startswith("a,3,4,1,2,0.75,")
    models = json.loads(files["v701_metrics.json"])["models"]
    assert (models["a"]["metrics"]["TP"], models["a"]["failures"]) == (3, [])
    assert models["b"]["failures"] == [{"code": "F07-BOOKS", "sentence": "no"}]


def page_of_one(audit: ModelAudit, metrics: Metrics, **values: Any) -> ParsedHtml:
    return ParsedHtml(report.page_html(make_page(Verdict("a", metrics, audit=audit), **values)))


def test_the_tables_numbers_are_those_of_the_run() -> None:
    audit = ModelAudit(datasets={"v401": DatasetStats(1000, 250, 8, 2, 1234, 5), "v402": DatasetStats()})
    audit.scores = Scores(most_wrong=smallest_rows(RowExample(1200, "[1,5]", 1, 0.25)))
    html = page_of_one(audit, Metrics("a", 3, 4, 1, 2, no_ref={"v401": (7, 8)}))
    rows = ["".join(row.split()) for row in html.texts("tr")]
    assert "1,2000.250000[1,5]curl" in rows
    assert "v4011,0001,23478525.00%25.00%" in rows
    assert "v402(own)000000.00%0.00%" in rows


REQUESTS = {
    "one": (1, None, "Requests: 1, in 1.2 ms", "They are too few for percentiles"),
    "few": (2, None, "Requests: 2, half of them under 1.2 ms", "The slowest took about 30.0 ms. They are too few"),
    "many": (1024, describe_pace([(1.0, 3, 0.5)]), "Requests: 1,024, half of them under 1.2 ms", "p50"),
}


@pytest.mark.parametrize(("requests", "pace", "summary", "text"), REQUESTS.values(), ids=REQUESTS)
def test_few_requests_are_told_in_words(requests: int, pace: Chart | None, summary: str, text: str) -> None:
    html = ParsedHtml(report.page_html(make_page(requests=requests, latency=LATENCY, pace=pace)))
    [details] = html.texts("details", **{"data-key": "requests"})
    assert details.startswith(summary)
    assert text in details
    assert ("figure" in {tag for tag, _ in html.elements}) == (pace is not None)


def test_a_server_that_was_there_is_named_at_the_top() -> None:
    told = [
        ParsedHtml(report.page_html(make_page(server_url="http://h:1", is_running=running))).texts("dd")
        for running in (False, True)
    ]
    assert ["http://h:1" in texts for texts in told] == [False, True]


def test_false_positives_and_false_negatives_stand_side_by_side() -> None:
    rows = SmallestRows({(b"", place): (0.1, RowExample(place, f"[{place}]", place % 2, 0.5)) for place in range(6)})
    html = page_of_one(ModelAudit(scores=Scores(most_wrong=rows)), Metrics("a", 1, 1, 30, 40))
    [pair] = html.texts("div", **{"class": "f07-pair"})
    positives, negatives = pair.split("False negatives: 40")
    codes = html.texts("code")
    assert 'read_run("v701").predictions(model="a", labels=True).query("label == 0 and y_pred == 1")' in codes
    assert '"label == 1 and y_pred == 0"' in codes
    assert "False positives: 30" in positives
    assert [re.findall(r"\[\d\]", part) for part in (positives, negatives)] == [
        ["[0]", "[2]", "[4]"],
        ["[1]", "[3]", "[5]"],
    ]


def test_the_codes_that_change_a_wrong_score_stand_in_its_row() -> None:
    rows = smallest_rows(RowExample(7, "[1,5]", 1, 0.25, ((5, -0.1234567), (1, float("nan")))))
    audit = ModelAudit(scores=Scores(most_wrong=rows, nearest=smallest_rows(RowExample(8, "[2]", 1, 0.5))))
    html = page_of_one(audit, Metrics("a"))
    wrong, near = (" ".join(row.split()) for row in html.texts("tr", **{}) if "[" in row and "Details" not in row)
    assert ("5 -0.1235 1 no score left [1,5]" in wrong, "[2]" in near, html.text.count("Codes: how")) == (True, True, 1)


def test_scores_of_the_oracle_are_called_so() -> None:
    audit = ModelAudit(has_scores=False, scores=Scores(most_wrong=smallest_rows(RowExample(7, "[1,5]", 1, 0.25))))
    assert "The server gives labels alone; the scores are the oracle's." in page_of_one(audit, Metrics("a")).text


@pytest.mark.parametrize("speaks_json", [True, False])
def test_a_row_is_asked_again_where_the_server_takes_a_window(speaks_json: bool) -> None:
    example = RowExample(7, "[1,… 30 codes]", 1, 0.25, whole="[1,2,3]")
    audit = ModelAudit(scores=Scores(nearest=smallest_rows(example)))
    html = page_of_one(audit, Metrics("a"), speaks_json=speaks_json, server_url="http://h:1", is_running=True)
    windows = [values["data-window"] for _, values in html.elements if "data-window" in values]
    assert windows == (["[1,2,3]"] if speaks_json else [])
    assert ("curl -s http://h:1/infer" in html.text) == speaks_json
    assert "serve7" not in html.text


def test_many_models_show_fewer_examples() -> None:
    rows = SmallestRows({(b"", place): (0.1, RowExample(place, f"[{place}]", 1, 0.5)) for place in range(10)})
    verdicts = [
        Verdict(str(number), Metrics(str(number)), audit=ModelAudit(scores=Scores(most_wrong=rows)))
        for number in range(MANY_MODELS + 1)
    ]
    few, many = (report.page_html(make_page(*verdicts[:count])) for count in (1, MANY_MODELS + 1))
    assert (few.count("<code>["), many.count("<code>[")) == (10, 2 * (MANY_MODELS + 1))


def test_the_datasets_of_many_models_are_added_up_but_for_the_own() -> None:
    datasets = {f"v40{number}": DatasetStats(10 * number, predicted_1=number) for number in (1, 2, 3)}
    metrics = Metrics("a", no_ref={"v401": (1, 2), "v402": (5, 6), "v403": (3, 4)})
    verdict = Verdict("a", metrics, audit=ModelAudit(datasets=datasets))

    def shown(is_large: bool) -> list[tuple[str, int, int, int]]:
        rows = report.dataset_rows(verdict, "v402", is_large)
        return [(title, stats.windows, ones, zeros) for title, stats, ones, zeros in rows]

    assert shown(False) == [("v401", 10, 1, 2), ("v402 (own)", 20, 5, 6), ("v403", 30, 3, 4)]
    assert shown(True) == [("2 other datasets", 40, 4, 6), ("v402 (own)", 20, 5, 6)]
    assert datasets["v401"].windows == 10


def busy_verdict(name: str, random: np.random.Generator) -> Verdict:
    """Return the verdict of a model with scores everywhere, and examples with codes that change them."""

    def examples(labels: Sequence[int]) -> SmallestRows:
        changes = tuple((int(code), -0.01) for code in random.integers(1, 99, 5))
        window = "[" + ",".join(map(str, random.integers(1, 99, 20))) + "]"
        rows = [RowExample(place, window, label, 0.123456, changes) for place, label in enumerate(labels)]
        return SmallestRows({(b"", place): (0.1, row) for place, row in enumerate(rows)})

    scores = Scores(
        by_label=random.integers(0, 1000, (2, 1000)), most_wrong=examples([0, 1] * 10), nearest=examples([1] * 10)
    )
    datasets = {f"v40{number}": DatasetStats(34305, 5, 9, 2, 3, 1) for number in range(5)}
    metrics = Metrics(name, 3000, 40000, 100, 2000)
    remarks = [
        "a sentence of a hundred letters or so, as those on base rate, training and overlap are" for _ in range(9)
    ]
    return Verdict(name, metrics, warnings=remarks, audit=ModelAudit(datasets=datasets, scores=scores))


def test_the_page_of_500_models_is_small_enough_to_send() -> None:
    random = np.random.default_rng(1)
    page = make_page(*(busy_verdict(f"building_active_power_any_to_80_{number}", random) for number in range(500)))
    points = [ComparisonPoint(name, verdict.values, {"f1": 0.5}) for name, verdict in page.verdicts.items()]
    page = replace(page, side_by_side=describe_models(points))
    assert len(report.page_html(page).encode()) < 4.9e6  # pytest-html adds its own


BLANK = {
    "not a number": (ModelAudit(scores=Scores(not_numbers=np.array([[3, 0], [1, 0]]))), "has a score that is a number"),
    "labels alone": (ModelAudit(has_scores=False), "The server gives labels alone"),
}


@pytest.mark.parametrize(("audit", "reason"), BLANK.values(), ids=BLANK)
def test_where_there_is_no_score_there_is_a_sentence_and_no_picture(audit: ModelAudit, reason: str) -> None:
    html = page_of_one(audit, Metrics("a", tn=3, fn=1))
    assert f"{reason}: there is nothing to draw." in html.text
    assert "figure" not in {tag for tag, _ in html.elements}
    assert "figure" in {tag for tag, _ in page_of_one(ModelAudit(scores=scored()), Metrics("a", tn=1)).elements}


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a_1__b.c-d", "a_<wbr>1_<wbr>_<wbr>b.c-<wbr>d"),
        ("1,838 <b_c> - &", "1,838 &lt;b_<wbr>c&gt; - &amp;"),
    ],
)
def test_a_long_name_goes_on_in_another_line_between_its_words(text: str, html: str) -> None:
    assert report.breakable(text) == html
    assert report.breakable("[1,-5,_]", ",") == "[1,<wbr>-5,<wbr>_]"


def test_a_models_pictures_are_told_in_words() -> None:
    html = page_of_one(ModelAudit(scores=scored()), Metrics("a", tp=3, tn=6, fp=1, fn=2))
    [told] = [values["aria-label"] for tag, values in html.elements if tag == "svg" and values.get("role") == "img"]
    assert told == (
        "Scores of a by label, and precision and recall over the threshold. At today's threshold 0.5 precision is "
        "0.7500 and recall 0.6000."
    )
    assert html.texts("caption") == ["Confusion of a"]
    assert "In this run the model answered 12 labelled windows of v402, 41.7% of them labelled 1." in " ".join(
        html.text.split()
    )


@pytest.mark.parametrize(("rows", "shown"), [(0, "<style>"), (2, "Tests beside the models")])
def test_pytest_htmls_own_table_has_a_heading_or_is_hidden(rows: int, shown: str) -> None:
    assert shown in report.others_html(rows)


def test_a_flipped_row_stands_with_its_score_then_and_now() -> None:
    flip, wrong = Flip("v402", 1, "[7]", 0.1, 0.9), Flip("v401", 2, "[8]", 0.25, 0.75)
    pairs = Pairs("v401", 60, np.ones((1, CELLS), np.int64), {"newly wrong": [(wrong, 0)]})
    change = ModelChange("a", [Change("f1", 0.5, 0.25)] * 3, [Change("TP", 1, 1)] * 6, Flips(9, 1, 0, [flip]), pairs)
    html = report.page_html(make_page(Verdict("a"), comparison=Comparison("v700", "v600", "2026", [change], [])))
    tables = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", table) for table in re.findall(r"(?s)<table.*?</table>", html)]
    assert [[re.sub("<.*?>", "", cell) for cell in table] for table in tables[1:3]] == [
        ["Row", "Label", "Score then", "Score now", "Window", "2", "0", "0.2500", "0.7500", "[8]"],
        ["Dataset", "Row", "Score then", "Score now", "Window", "v402", "1", "0.1000", "0.9000", "[7]"],
    ]


def test_the_templates_can_be_compiled_before_they_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    report._environment.cache_clear()
    report.load_templates()
    monkeypatch.setattr(report._environment(), "compile", None)
    assert report.page_html(make_page(passed_verdict("a")))
