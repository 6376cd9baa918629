"""The models' table for terminals and for the GitHub step summary, and annotations for what failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_f07.results.metric_table import METRICS
from pytest_f07.results.verdict import Verdict
from pytest_f07.variant.wording import counted

COLUMNS = sorted((metric for metric in METRICS if metric.in_terminal), key=lambda metric: metric.section)
HEADINGS = ("model", *(metric.heading for metric in COLUMNS), "")


def cells(prediction_name: str, verdict: Verdict) -> tuple[str, ...]:
    """Return one model's row: its name, numbers and outcome."""
    row = verdict.values
    numbers = (metric.text(row[metric.key]) if row else "–" for metric in COLUMNS)
    return (prediction_name, *numbers, "failed" if verdict.failures else "passed")


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rows as text: the first column on the left, numbers on the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *rest in rows:
        padded = [text.rjust(width) for text, width in zip(rest, widths[1:], strict=True)]
        lines.append("  ".join([first.ljust(widths[0]), *padded]).rstrip())
    return lines


def step_summary(variant: str, package: str, verdicts: Mapping[str, Verdict], note: str | None) -> str:
    """The same table in Markdown, and the failures as sentences.

    :param note: why the run does not count; None where it is whole.
    """
    passed = sum(not verdict.failures for verdict in verdicts.values())
    lines = [f"### F07: {variant} of package {package}, {passed} of {counted(len(verdicts), 'model')} passed", ""]
    if note:
        lines += [f"**{_markdown(note)}**", ""]
    lines.append("| " + " | ".join(HEADINGS) + " |")
    lines.append("|" + "---|" + "---:|" * (len(HEADINGS) - 1))
    for name, verdict in verdicts.items():
        first, *rest = cells(name, verdict)
        lines.append("| " + " | ".join([f"`{first}`", *rest]) + " |")
    lines.append("")
    for name, verdict in verdicts.items():
        lines += [f"- `{one.code}` `{name}`: {_markdown(one.sentence)}" for one in verdict.failures]
    return "\n".join(lines) + "\n\n"


def annotation(code: str, prediction_name: str, sentence: str) -> str:
    """A GitHub workflow command that marks a failed item; its text can command nothing else.

    https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    """
    title = _escaped(f"{code} {prediction_name}").replace(":", "%3A").replace(",", "%2C")
    return f"::error title={title}::{_escaped(sentence)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _markdown(text: str) -> str:
    """Text that Markdown shows as it is."""
    one_line = " ".join(text.split())
    return "".join(f"\\{char}" if char in "\\`*_[]<>|~#" else char for char in one_line)
