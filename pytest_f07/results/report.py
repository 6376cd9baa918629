"""Render what report.html shows beside pytest-html's own parts, from the templates in ``templates/``.

Every text of a package reaches the page through a template, which escapes it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup, escape

from pytest_f07.results.audit import DatasetStats
from pytest_f07.results.chart import Chart
from pytest_f07.results.comparison.model_change import Change
from pytest_f07.results.f05 import F05
from pytest_f07.results.failure_codes import BROKEN, FAILURE_CODES
from pytest_f07.results.metric_table import METRICS, UNDEFINED, Metric, Section
from pytest_f07.results.model_chart import describe_scores
from pytest_f07.results.page import Page
from pytest_f07.results.take_away import metrics_links
from pytest_f07.results.verdict import Verdict
from pytest_f07.variant.package import Model
from pytest_f07.variant.wording import agreeing, counted, pace

FOLDER = Path(__file__).parent
SCRIPT = FOLDER / "report.js"

# A bound of an interval stands below its metric; predictions without reference are told apart by dataset.
LEFT_OUT = {"no_ref_pred_1", "no_ref_pred_0"}
COLUMNS = sorted(
    (metric for metric in METRICS if not metric.bound_of and metric.key not in LEFT_OUT),
    key=lambda metric: metric.section,
)
BOUNDS = {column.key: [metric.key for metric in METRICS if metric.bound_of == column.key] for column in COLUMNS}
# Where each of them stands in the counts of labelled scores that are not numbers.
CELLS = {"TN": (0, 0), "FP": (0, 1), "FN": (1, 0), "TP": (1, 1)}
# Names that pytest-html's own script looks up.
TAKEN_IDS = {"title", "head-title", "environment", "environment-header", "results-table", "results-table-head"}
TAKEN_IDS |= {"data-container", "show_all_details", "hide_all_details", "not-found-message"}


@dataclass(frozen=True)
class Cell:
    """One metric of one model.

    :param smalls: what stands below it.
    """

    column: Metric
    text: str
    smalls: Sequence[str]


def page_html(page: Page) -> str:
    """Return the whole page: verdict, failures, comparison, models, and more."""
    columns = shown_columns(page)
    hidden = [column.title for column in COLUMNS if columns and column not in columns]
    return (
        _environment()
        .get_template("page.html")
        .render(
            page=page,
            columns=columns,
            hidden=hidden,
            models={model.prediction_name: model for model in page.models},
            links=metrics_links(page.variant, page.outcome.lower(), list(page.verdicts.values())),
            explanations={code: FAILURE_CODES[code] for code in _codes(page) if code in FAILURE_CODES},
            broken=BROKEN,
        )
    )


def others_html(rows: int) -> str:
    """Return the heading of pytest-html's own table, or what hides it where it has no row."""
    if rows:
        return '<h2 class="f07-others">Tests beside the models</h2>'
    return "<style>#results-table { display: none; }</style>"


def script_html() -> str:
    """Return the script that filters, sorts, unfolds and copies on the page."""
    return f"<script>{SCRIPT.read_text(encoding='utf-8')}</script>"


def shown_columns(page: Page) -> list[Metric]:
    """Return the columns of the table of models, without those of emissions and input that are 0 for all models.

    :returns: none where no model has metrics.
    """
    values = [verdict.values for verdict in page.verdicts.values() if verdict.values]
    if not values:
        return []
    return [
        column for column in COLUMNS if column.section < Section.EMISSIONS or any(row[column.key] for row in values)
    ]


def make_cells(columns: Sequence[Metric], verdict: Verdict | None, model: Model | None) -> list[Cell]:
    """Return one model's metrics, each with its interval and F05's own; without values where it has none."""
    row, texts = (verdict.values, verdict.texts) if verdict else ({}, {})
    f05 = F05.from_summary(model.summary) if model and row else F05()
    f05_values = {**f05.metrics, **({} if f05.base_rate is None else {"base_rate": f05.base_rate})}
    agreement = verdict.assessment.agreement if verdict and verdict.assessment else None
    cells = []
    for column in columns:
        smalls = []
        is_defined = bool(row) and texts[column.key] not in (UNDEFINED, "–")
        if is_defined and BOUNDS[column.key]:
            smalls.append(" to ".join(column.text(row[key]) for key in BOUNDS[column.key]))
        if column.key in f05.undefined:
            smalls.append(f"F05 {UNDEFINED}")
        if column.key in f05_values:
            smalls.append(f"F05 {column.text(f05_values[column.key])}")
            if column.key == "precision" and agreement and agreement.expected is not None:
                smalls.append(f"expected {agreement.expected:.4f}")
        if verdict and verdict.audit and column.key in CELLS:
            lost = int(verdict.audit.scores.not_numbers[CELLS[column.key]])
            smalls += [f"{lost:,} NaN"] if lost else []
        cells.append(Cell(column, texts[column.key] if row else "–", smalls))
    return cells


def dataset_rows(verdict: Verdict, own: str, is_large: bool) -> list[tuple[str, DatasetStats, int, int]]:
    """Return title, counts, and predictions of 1 and 0 without reference of each dataset.

    :param own: the source_f04 of the model's own dataset.
    :param is_large: whether the others are added up: as many datasets as models would be a page of their square.
    """
    assert verdict.audit is not None
    assert verdict.metrics is not None
    rows: dict[str, tuple[str, DatasetStats, int, int]] = {}
    others = len(verdict.audit.datasets) - (own in verdict.audit.datasets)
    for name, stats in verdict.audit.datasets.items():
        title = f"{name} (own)" if name == own else counted(others, "other dataset") if is_large else name
        _, total, ones, zeros = rows.get(title, (title, DatasetStats(), 0, 0))
        total.merge(stats)
        more_ones, more_zeros = verdict.metrics.no_ref.get(name, (0, 0))
        rows[title] = (title, total, ones + more_ones, zeros + more_zeros)
    return list(rows.values())


def anchor(prediction_name: str) -> str:
    """Return the id of a model's row: its name, but where the page has another use for it."""
    is_taken = prediction_name in TAKEN_IDS or prediction_name.lower().startswith("f07-")
    return f"model-{prediction_name}" if is_taken else prediction_name


def breakable(text: str, after: str = "_-") -> Markup:
    """Return a text that may go on in another line after some characters within a word."""
    return Markup(re.sub(rf"(?<=\w)[{after}](?=[\w-])", r"\g<0><wbr>", str(escape(text))))


def _codes(page: Page) -> list[str]:
    return [BROKEN] if page.is_broken else list(page.failures)


def _moved(change: Change) -> str:
    """Return how much a value changed, in a table's cell."""
    difference = change.difference
    if difference is None:
        return (
            "same"
            if change.then is change.now
            else f"{UNDEFINED} then"
            if change.then is None
            else f"{change.then:.4f} then"
        )
    if not difference:
        return "same"
    return f"{difference:+.4f}" if isinstance(difference, float) else f"{difference:+,}"


def _values_text(chart: Chart) -> Markup:
    """Return a chart's columns for the script, in few bytes, as an attribute between single quotes may hold them."""
    values = [[column.title, list(column.values)] for column in chart.columns]
    return htmlsafe_json_dumps(values, dumps=partial(json.dumps, separators=(",", ":"), ensure_ascii=False))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.tests["digest"] = lambda text: re.fullmatch("[0-9a-f]{40,64}", text) is not None
    environment.filters["count"] = lambda value: f"{value:,}"
    environment.filters |= {"agreeing": agreeing, "counted": counted, "pace": pace}
    environment.filters |= {"anchor": anchor, "breakable": breakable, "values": _values_text}
    # Of 500 models each indentation counts; nothing among their details is preformatted.
    environment.filters["dense"] = lambda html: Markup(re.sub(r"\s*\n\s*", "\n", html))
    environment.filters["share"] = lambda value: f"{value:.2%}"
    environment.filters["score"] = lambda value: "–" if value != value else f"{value:.4f}"
    environment.filters["change"] = lambda value: "no score left" if value != value else f"{value:+.4f}"
    environment.filters |= {"moved": _moved, "ratio": lambda value: UNDEFINED if value is None else f"{value:.4f}"}
    titles: Mapping[str, str] = {metric.key: metric.title for metric in METRICS}
    environment.globals |= {"titles": titles, "make_cells": make_cells, "read_f05": F05.from_summary}
    environment.globals |= {"describe_scores": describe_scores, "dataset_rows": dataset_rows}
    return environment
