"""What report.html says beyond pytest-html's own: everything that comes from a package is escaped here."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path

from pytest_f07.results.verdict import Verdict

# Title of the column, and the column of metrics_per_model.csv it shows.
COLUMNS = {
    "TP": "TP", "TN": "TN", "FP": "FP", "FN": "FN", "Precision": "precision", "Recall": "recall", "F1": "f1",
    "No ref. 1": "no_ref_pred_1", "No ref. 0": "no_ref_pred_0", "No ref.": "no_ref_total", "Not numbers": "non_finite",
}  # fmt: skip


CSS = Path(__file__).with_name("report.css")


def header_cells() -> list[str]:
    """The metrics' columns of the results table."""
    return [f'<th class="sortable" data-column-type="{key}">{escape(title)}</th>' for title, key in COLUMNS.items()]


def row_cells(verdict: Verdict | None) -> list[str]:
    """One model's metrics; pytest-html sorts by text, so numbers are padded by spaces that a page does not show."""
    row = verdict.row() if verdict else {}
    return [f'<td class="col-{key}">{_number(row.get(key))}</td>' for key in COLUMNS.values()]


def _number(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:.4f}" if isinstance(value, float) else f"{value:>12}"


def png(path: Path) -> str:
    """A picture as the base64 text that pytest-html embeds."""
    return base64.b64encode(path.read_bytes()).decode()


def verdict_html(variant: str, package: str, verdicts: Sequence[Verdict], expected: int, note: str | None) -> str:
    """At a glance: what was validated and what came out.

    :param note: why the run does not count; None where it is whole.
    """
    passed = sum(not verdict.failures for verdict in verdicts)
    whole = note is None and len(verdicts) == expected
    word = ("PASSED" if passed == expected else "FAILED") if whole else "NOT COMPLETE"
    style = {"PASSED": "passed", "FAILED": "failed"}.get(word, "incomplete")
    lines = [
        f'<p class="f07-verdict {style}"><strong>{word}</strong>: variant {escape(variant)} of package '
        f"{escape(package)}, {passed} of {expected} models passed.</p>"
    ]
    if note:
        lines.append(f"<p>{escape(note)}</p>")
    return "".join(lines)


def list_html(title: str, lines: Iterable[str]) -> str:
    """A titled list; nothing where there are no lines."""
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<h2>{escape(title)}</h2><ul class='f07-list'>{items}</ul>" if items else ""


def log_html(lines: Sequence[str]) -> str:
    """The end of the server's log."""
    text = escape("\n".join(lines))
    return f"<h2>Last lines of the server's log</h2><pre class='f07-log'>{text}</pre>" if lines else ""


def provenance_html(facts: Mapping[str, str]) -> str:
    """Where it all comes from, a row each."""
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td><code>{escape(value)}</code></td></tr>" for name, value in facts.items()
    )
    return f"<details><summary>Provenance</summary><table class='f07-provenance'>{rows}</table></details>"
