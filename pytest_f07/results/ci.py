"""Format the models' table for terminals and the GitHub step summary, and annotations of failures."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from pytest_f07.errors import one_line
from pytest_f07.results.metric_table import METRICS, UNDEFINED
from pytest_f07.variant.wording import counted

if TYPE_CHECKING:
    from pytest_f07.results.run_result import RunResult
    from pytest_f07.results.verdict import Verdict

COLUMNS = sorted((metric for metric in METRICS if metric.in_terminal), key=lambda metric: metric.section)
HEADINGS = ("model", *(metric.heading for metric in COLUMNS), "")

MARKS = {"PASSED": "✅", "FAILED": "❌", "NOT COMPLETE": "⚠️"}
# The order in which metrics go where a terminal is narrow; the first two go wherever they are 0.
LEAST_WANTED = ("no_ref_total", "non_finite", "base_rate", "TN", "TP", "FN", "FP")


def model_cells(prediction_name: str, verdict: Verdict, not_judged: Collection[str] = ()) -> tuple[str, ...]:
    """Return the cells of one model's row: its name, numbers and outcome."""
    outcome = "not judged" if prediction_name in not_judged else "failed" if verdict.failures else "passed"
    texts = verdict.texts
    numbers = (texts[metric.key] if texts else "–" for metric in COLUMNS)
    return (prediction_name, *numbers, outcome)


def describe_outcome(result: RunResult, note: str | None) -> tuple[str, str]:
    """Return the outcome of a run as one word in capitals, and as a sentence.

    :param note: why the run does not count; None where it is complete.
    """
    if note:
        return "NOT COMPLETE", note
    failed = [name for name, verdict in result.verdicts.items() if verdict.failures]
    models = counted(len(result.verdicts), "model")
    sentence = f"{len(failed)} of {models} failed" if failed else f"{models} passed"
    sentence += result.outcome_text.removeprefix(result.outcome)  # what it is worth
    return result.outcome.upper(), f"{', '.join(filter(None, (sentence, result.own_checks.text)))}."


def format_table(verdicts: Mapping[str, Verdict], width: int, not_judged: Collection[str] = ()) -> list[str]:
    """Return a heading and a line for each model, with as many metrics as fit; CSV and report have all of them.

    What the report calls undefined is 0/0 here: a longer word would cost a column.

    :param not_judged: the models whose verdict the session does not report.
    """
    cells = [model_cells(name, verdict, not_judged) for name, verdict in verdicts.items()]
    rows = [HEADINGS, *(["0/0" if text == UNDEFINED else text for text in row] for row in cells)]
    columns = list(zip(*rows, strict=True))
    keys = [metric.key for metric in COLUMNS]
    left_out = {key for key in LEAST_WANTED[:2] if set(columns[1 + keys.index(key)][1:]) <= {"0"}}
    for key in ("", *LEAST_WANTED):
        left_out.add(key)
        kept = [0, *(place for place, name in enumerate(keys, 1) if name not in left_out), len(columns) - 1]
        lines = align_rows([[row[place] for place in kept] for row in rows])
        if max(map(len, lines)) <= width:
            break
    return lines


def align_rows(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the rows as lines of text: the first column on the left, numbers on the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *rest in rows:
        padded = [text.rjust(width) for text, width in zip(rest, widths[1:], strict=True)]
        lines.append("  ".join([first.ljust(widths[0]), *padded]).rstrip())
    return lines


def format_step_summary(result: RunResult, note: str | None, not_judged: Collection[str] = ()) -> str:
    """Return the outcome and the table in Markdown, and failures and comparison as sentences.

    :param note: why the run does not count; None where it is complete.
    :param not_judged: the models whose verdict the session does not report; all where the run broke.
    """
    verdicts = result.verdicts
    not_judged = verdicts if result.broken else not_judged
    word, sentence = describe_outcome(result, note)
    lines = [
        f"### {MARKS[word]} {word}: {result.variant} of package {result.package}",
        "",
        _escape_markdown(sentence),
        "",
    ]
    lines.append("| " + " | ".join(HEADINGS) + " |")
    lines.append("|" + "---|" + "---:|" * (len(HEADINGS) - 1))
    for name, verdict in verdicts.items():
        first, *rest = model_cells(name, verdict, not_judged)
        lines.append("| " + " | ".join([f"`{first}`", *rest]) + " |")
    lines.append("")
    for name, verdict in verdicts.items():
        lines += [f"- `{failure.code}` `{name}`: {_escape_markdown(failure.sentence)}" for failure in verdict.failures]
    lines += [f"- {_escape_markdown(f'{check.node_id}: {check.reason}')}" for check in result.own_checks.failed]
    lines += [f"- {_escape_markdown(text)}" for text in (result.comparison.summary if result.comparison else ())]
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
    return "".join(f"\\{char}" if char in "\\`*_[]<>|~#" else char for char in one_line(text))
