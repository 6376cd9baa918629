"""Format the models' table for terminals and the GitHub step summary, and annotations of failures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_f07.results.metric_table import METRICS
from pytest_f07.results.own_checks import OwnChecks
from pytest_f07.results.verdict import Verdict
from pytest_f07.variant.wording import counted

COLUMNS = sorted((metric for metric in METRICS if metric.in_terminal), key=lambda metric: metric.section)
HEADINGS = ("model", *(metric.heading for metric in COLUMNS), "")


def model_cells(prediction_name: str, verdict: Verdict) -> tuple[str, ...]:
    """Return the cells of one model's row: its name, numbers and outcome."""
    texts = verdict.texts
    numbers = (texts[metric.key] if texts else "–" for metric in COLUMNS)
    return (prediction_name, *numbers, "failed" if verdict.failures else "passed")


def align_rows(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the rows as lines of text: the first column on the left, numbers on the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *rest in rows:
        padded = [text.rjust(width) for text, width in zip(rest, widths[1:], strict=True)]
        lines.append("  ".join([first.ljust(widths[0]), *padded]).rstrip())
    return lines


def format_step_summary(
    variant: str,
    package: str,
    verdicts: Mapping[str, Verdict],
    note: str | None,
    comparison: Sequence[str] = (),
    own_checks: OwnChecks | None = None,
) -> str:
    """Return the table in Markdown, and failures and comparison as sentences.

    :param note: why the run does not count; None where it is complete.
    :param comparison: with an earlier run, in sentences.
    """
    own_checks = own_checks or OwnChecks()
    passed = sum(not verdict.failures for verdict in verdicts.values())
    texts = [f"{passed} of {counted(len(verdicts), 'model')} passed", own_checks.text]
    lines = [f"### F07: {variant} of package {package}, {', '.join(filter(None, texts))}", ""]
    if note:
        lines += [f"**{_escape_markdown(note)}**", ""]
    lines.append("| " + " | ".join(HEADINGS) + " |")
    lines.append("|" + "---|" + "---:|" * (len(HEADINGS) - 1))
    for name, verdict in verdicts.items():
        first, *rest = model_cells(name, verdict)
        lines.append("| " + " | ".join([f"`{first}`", *rest]) + " |")
    lines.append("")
    for name, verdict in verdicts.items():
        lines += [f"- `{failure.code}` `{name}`: {_escape_markdown(failure.sentence)}" for failure in verdict.failures]
    lines += [f"- {_escape_markdown(f'{check.node_id}: {check.reason}')}" for check in own_checks.failed]
    lines += [f"- {_escape_markdown(sentence)}" for sentence in comparison]
    return "\n".join(lines) + "\n\n"


def format_annotation(code: str, prediction_name: str, sentence: str) -> str:
    """Return the GitHub workflow command that marks a failed item; its text cannot start another command.

    https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    """
    title = _escape(f"{code} {prediction_name}").replace(":", "%3A").replace(",", "%2C")
    return f"::error title={title}::{_escape(sentence)}"


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_markdown(text: str) -> str:
    """Return the text so that Markdown shows it as it is."""
    one_line = " ".join(text.split())
    return "".join(f"\\{char}" if char in "\\`*_[]<>|~#" else char for char in one_line)
