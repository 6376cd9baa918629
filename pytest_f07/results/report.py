"""What report.html says beyond pytest-html's own. The words and numbers are made here, the page in ``templates/``.

Everything that comes from a package reaches the page through a template, which escapes it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pytest_f07.results.f05 import F05
from pytest_f07.results.page import Page
from pytest_f07.results.verdict import Verdict
from pytest_f07.variant.package import Model
from pytest_f07.variant.wording import agreeing, counted, pace

HERE = Path(__file__).parent
CSS, SCRIPT = HERE / "report.css", HERE / "report.js"


@dataclass(frozen=True)
class Column:
    """A column of the results table.

    :param key: in the row of metrics_per_model.csv.
    :param hint: what it means, shown on pointing at it.
    """

    title: str
    key: str
    hint: str


COLUMNS = (
    Column("TP", "TP", "labelled 1, predicted 1"),
    Column("TN", "TN", "labelled 0, predicted 0"),
    Column("FP", "FP", "labelled 0, predicted 1"),
    Column("FN", "FN", "labelled 1, predicted 0"),
    Column("Precision", "precision", "TP / (TP + FP)"),
    Column("Recall", "recall", "TP / (TP + FN)"),
    Column("F1", "f1", "harmonic mean of precision and recall"),
    Column("Base rate", "base_rate", "share of the labelled windows that are labelled 1"),
    Column("No ref. 1", "no_ref_pred_1", "predicted 1, and the window has no label in the model's own dataset"),
    Column("No ref. 0", "no_ref_pred_0", "predicted 0, and the window has no label in the model's own dataset"),
    Column("No ref.", "no_ref_total", "emissions whose window has no label in the model's own dataset"),
    Column("Not numbers", "non_finite", "scores that are NaN, over all emissions"),
    Column("Unknown codes", "unknown_codes", "share of the codes in its own dataset that the model does not know"),
    Column("Empty windows", "empty_windows", "share of the windows in its own dataset without any code"),
)
SHARES = ("base_rate", "unknown_codes", "empty_windows")


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
    """One model's metrics, F05's own below them.

    pytest-html sorts by text, so numbers are padded by spaces that a page does not show.
    """
    row = verdict.row() if verdict else {}
    f05 = F05.of(model.summary) if model else F05()
    theirs = {**f05.metrics, **({} if f05.base_rate is None else {"base_rate": f05.base_rate})} if row else {}
    return [
        _render_text(
            '<td class="col-{{ c.key }}" data-label="{{ c.title }}">{{ value }}'
            "{% if theirs %}<small>F05 {{ theirs }}</small>{% endif %}</td>",
            c=column,
            value=_number(column.key, row.get(column.key)),
            theirs=_number(column.key, theirs[column.key]).strip() if column.key in theirs else "",
        )
        for column in COLUMNS
    ]


def model_html(verdict: Verdict, model: Model, pictures: Mapping[str, bytes]) -> str:
    """What unfolds below a model's row.

    :param pictures: "confusion" and "scores", as PNG.
    """
    return _render("model.html", verdict=verdict, model=model, f05=F05.of(model.summary), pictures=pictures)


def _number(key: str, value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:>9.2%}" if key in SHARES else f"{value:.4f}"
    return f"{value:>15,}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["png"] = lambda content: Markup("data:image/png;base64," + base64.b64encode(content).decode())
    environment.tests["digest"] = lambda text: re.fullmatch("[0-9a-f]{40,64}", text) is not None
    environment.filters["count"] = lambda value: f"{value:,}"
    environment.filters |= {"agreeing": agreeing, "counted": counted, "pace": pace}
    environment.filters["share"] = lambda value: f"{value:.2%}"
    environment.filters["signed"] = lambda value: f"{value:+.4f}" if isinstance(value, float) else f"{value:+,}"
    return environment


def _render(template: str, **values: Any) -> str:
    return _environment().get_template(template).render(**values)


@cache
def _template(text: str) -> Any:
    return _environment().from_string(text)


def _render_text(text: str, **values: Any) -> str:
    return str(_template(text).render(**values))
