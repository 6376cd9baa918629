"""What report.html says beyond pytest-html's own. The words and numbers are made here, the page in ``templates/``.

Everything that comes from a package reaches the page through a template, which escapes it.
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
from pytest_f07.results.metric_table import METRICS
from pytest_f07.results.page import Page
from pytest_f07.results.verdict import Verdict
from pytest_f07.variant.package import Model
from pytest_f07.variant.wording import agreeing, counted, pace

HERE = Path(__file__).parent
CSS, SCRIPT = HERE / "report.css", HERE / "report.js"
NUMBER_WIDTH = 15


# A bound of an interval stands below its metric and has no column of its own.
COLUMNS = sorted((metric for metric in METRICS if not metric.bound_of), key=lambda metric: metric.section)
BOUNDS = {column.key: [metric.key for metric in METRICS if metric.bound_of == column.key] for column in COLUMNS}


def above(page: Page) -> str:
    """What stands above the results table: verdict, failures, what changed since last time."""
    return _render("above.html", page=page)


def below(page: Page) -> str:
    """What stands below it: models side by side, equivalence, requests, provenance."""
    return _render("below.html", page=page)


def script() -> str:
    """What sorts, filters and copies on the page."""
    return f"<script>{SCRIPT.read_text(encoding='utf-8')}</script>"


def header_cells() -> list[str]:
    """The metrics' columns of the results table."""
    return [
        _render_text(
            '<th class="sortable" data-column-type="{{ c.key }}" title="{{ c.hint }}">{{ c.title }}</th>', c=column
        )
        for column in COLUMNS
    ]


def name_cell(prediction_name: str, model: Model | None) -> str:
    """The model's name with what it is."""
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
    row = verdict.values if verdict else {}
    f05 = F05.of(model.summary) if model else F05()
    theirs = {**f05.metrics, **({} if f05.base_rate is None else {"base_rate": f05.base_rate})} if row else {}
    return [
        _render_text(
            '<td class="col-{{ c.key }}" data-label="{{ c.title }}">'
            '{% if order %}<data value="{{ order }}">{{ value }}</data>{% else %}{{ value }}{% endif %}'
            "{% if interval %}<small>{{ interval }}</small>{% endif %}"
            "{% if theirs %}<small>F05 {{ theirs }}</small>{% endif %}</td>",
            c=column,
            value=column.text(row[column.key]).rjust(NUMBER_WIDTH) if row else "–",
            order=f"{row[column.key] - column.limits[0]:.4f}" if row and column.limits and column.limits[0] else "",
            interval=" to ".join(column.text(row[key]) for key in BOUNDS[column.key]) if row else "",
            theirs=column.text(theirs[column.key]) if column.key in theirs else "",
        )
        for column in COLUMNS
    ]


def model_html(verdict: Verdict, model: Model, pictures: Mapping[str, bytes]) -> str:
    """What unfolds below a model's row.

    :param pictures: "confusion" and "scores", as PNG.
    """
    return _render("model.html", verdict=verdict, model=model, f05=F05.of(model.summary), pictures=pictures)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
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
    environment.filters["signed"] = lambda value: f"{value:+.4f}" if isinstance(value, float) else f"{value:+,}"
    return environment


def _render(template: str, **values: Any) -> str:
    return _environment().get_template(template).render(**values)


@cache
def _template(text: str) -> Any:
    return _environment().from_string(text)


def _render_text(text: str, **values: Any) -> str:
    return str(_template(text).render(**values))
