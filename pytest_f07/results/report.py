"""Render what report.html shows beside pytest-html's own parts, from the templates in ``templates/``.

Every text of a package reaches the page through a template, which escapes it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pytest_f07.results.f05 import F05
from pytest_f07.results.metric_table import METRICS, UNDEFINED, Metric
from pytest_f07.results.page import Page
from pytest_f07.results.verdict import Verdict
from pytest_f07.variant.package import Model
from pytest_f07.variant.wording import agreeing, counted, pace

FOLDER = Path(__file__).parent
CSS, SCRIPT = FOLDER / "report.css", FOLDER / "report.js"
NUMBER_WIDTH = 15


# A bound of an interval stands below its metric and has no column of its own.
COLUMNS = sorted((metric for metric in METRICS if not metric.bound_of), key=lambda metric: metric.section)
BOUNDS = {column.key: [metric.key for metric in METRICS if metric.bound_of == column.key] for column in COLUMNS}


def verdict_html(page: Page) -> str:
    """Return the part above the results table: verdict, failures, and the comparison with an earlier run."""
    return _render("verdict.html", page=page)


def details_html(page: Page) -> str:
    """Return the part below the results table: models side by side, equivalence, requests, provenance."""
    return _render("details.html", page=page)


def script_html() -> str:
    """Return the script that sorts, filters and copies on the page."""
    return f"<script>{SCRIPT.read_text(encoding='utf-8')}</script>"


def header_cells() -> list[str]:
    """Return the headings of the metrics in the results table."""
    return [
        _render_text(
            '<th class="sortable" data-column-type="{{ c.key }}" title="{{ c.hint }}">{{ c.title }}</th>', c=column
        )
        for column in COLUMNS
    ]


def name_cell(prediction_name: str, model: Model | None) -> str:
    """Return the cell with the model's name, vectorization, dataset and threshold."""
    return _render_text(
        '<td class="col-testId">{{ name }}{% if model %}<small>{{ model.vectorization.kind }}, '
        "{{ model.source_f04 }}, threshold {{ model.threshold }}</small>{% endif %}</td>",
        name=prediction_name,
        model=model,
    )


def row_cells(verdict: Verdict | None, model: Model | None) -> list[str]:
    """Return one model's metrics, each with its interval and F05's own below it.

    pytest-html sorts by the cell's source as text, so numbers are padded by spaces that a page does not show, and one
    that can be negative comes after an attribute that is not.
    """
    row, texts = (verdict.values, verdict.texts) if verdict else ({}, {})
    f05 = F05.from_summary(model.summary) if model else F05()
    f05_values = {**f05.metrics, **({} if f05.base_rate is None else {"base_rate": f05.base_rate})} if row else {}
    f05_texts = {column.key: column.text(f05_values[column.key]) for column in COLUMNS if column.key in f05_values}
    agreement = verdict.assessment.agreement if verdict and verdict.assessment else None
    if "precision" in f05_texts and agreement and agreement.expected is not None:
        f05_texts["precision"] += f" → {agreement.expected:.4f}"
    return [
        _render_text(
            '<td class="col-{{ c.key }}" data-label="{{ c.title }}">'
            '{% if order %}<data value="{{ order }}">{{ value }}</data>{% else %}{{ value }}{% endif %}'
            "{% if interval %}<small>{{ interval }}</small>{% endif %}"
            "{% if f05_values %}<small>F05 {{ f05_values }}</small>{% endif %}</td>",
            c=column,
            value=texts[column.key].rjust(NUMBER_WIDTH) if row else "–",
            order=f"{row[column.key] - column.limits[0]:.4f}" if row and column.limits and column.limits[0] else "",
            interval=_interval_text(column, row) if texts and texts[column.key] != UNDEFINED else "",
            f05_values=f05_texts.get(column.key, ""),
        )
        for column in COLUMNS
    ]


def _interval_text(column: Metric, row: Mapping[str, int | float]) -> str:
    return " to ".join(column.text(row[key]) for key in BOUNDS[column.key])


def model_html(verdict: Verdict, model: Model, figures: Mapping[str, bytes]) -> str:
    """Return the details that unfold below a model's row.

    :param figures: "confusion" and "scores", as PNG.
    """
    return _render("model.html", verdict=verdict, model=model, f05=F05.from_summary(model.summary), figures=figures)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["png"] = lambda content: Markup("data:image/png;base64," + base64.b64encode(content).decode())
    environment.tests["digest"] = lambda text: re.fullmatch("[0-9a-f]{40,64}", text) is not None
    environment.filters["count"] = lambda value: f"{value:,}"
    environment.filters |= {"agreeing": agreeing, "counted": counted, "pace": pace}
    environment.filters["share"] = lambda value: f"{value:.2%}"
    environment.globals["titles"] = {metric.key: metric.title for metric in METRICS}
    environment.filters["score"] = lambda value: "–" if value != value else f"{value:.4f}"
    environment.filters["change"] = lambda value: "no score left" if value != value else f"{value:+.4f}"
    environment.filters["signed"] = lambda value: f"{value:+.4f}" if isinstance(value, float) else f"{value:+,}"
    return environment


def _render(template: str, **values: Any) -> str:
    return _environment().get_template(template).render(**values)


@cache
def _template(text: str) -> Any:
    return _environment().from_string(text)


def _render_text(text: str, **values: Any) -> str:
    return str(_template(text).render(**values))
