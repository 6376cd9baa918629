"""The figures as people read them: ``results.md`` and ``results.png``."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.answers import Answer
from benchmarks.tables import table, times
from benchmarks.whole import Whole

HERE = Path(__file__).parent
SOFTWARE = ("tensorflow", "keras", "pyarrow", "waitress")
REST = "all else"
Rates = dict[str, dict[int, float]]


@dataclass(frozen=True)
class Results:
    """All that was measured.

    :param package: its name; None for the demo package, enlarged.
    :param rates: windows per second of each contender by batch size, the plain way first and the models alone last.
    :param answers: by package.
    :param datasets: seconds by stage, by the number of datasets that hold the same rows.
    :param memory: MiB by process, by package.
    :param costs: runs without and with the oracle, by package.
    :param grown: runs with more and more windows.
    :param spread: the lines on runs that are spread over workers; empty where Dask is missing.
    """

    package: str | None
    rates: Rates
    answers: Mapping[str, Answer]
    costs: Mapping[str, Mapping[str, Whole]]
    grown: Sequence[Whole]
    memory: Mapping[str, Mapping[str, float]]
    datasets: Mapping[int, Mapping[str, float]] = field(default_factory=dict)
    spread: Sequence[str] = ()


def text(results: Results) -> str:
    """Return all tables, in Markdown."""
    software = ", ".join(f"{name} {metadata.version(name)}" for name in SOFTWARE)
    parts = [
        [
            "# How fast a run is",
            "",
            f"Written by `make bench`: {results.package or 'the demo package, enlarged'},",
            f"{results.grown[0].windows:,} windows; {os.cpu_count()} cores, Python {platform.python_version()},",
            f"{software}.",
            "Only the ratios are claims: they are taken side by side in one run, each from",
            "medians.",
        ],
        _rates(results.rates),
        _answers(results.answers),
        _stages(results.answers),
        _datasets(results.datasets) if results.datasets else [],
        _memory(results.memory),
        _proof(results.costs),
        _growth(results.grown),
        results.spread,
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _rates(rates: Rates) -> list[str]:
    plain, *_, limit = rates.values()
    sizes = list(limit)
    pace = [[name, *(f"{by_size[n]:,.0f}" for n in sizes)] for name, by_size in rates.items()]
    ratios = [
        [name, *(f"{by_size[n] / limit[n]:.2f} ({by_size[n] / plain[n]:.0f} ×)" for n in sizes)]
        for name, by_size in rates.items()
    ]
    return [
        "## The replay, both logs written",
        "",
        "The share of what the models alone do in process; in brackets, times the plain",
        "way: JSON, `Model.predict`, loops over rows.",
        "",
        *table(["in batches of", *(f"{size:,}" for size in sizes)], ratios),
        "",
        "Windows per second, each through every model:",
        "",
        *table(["in batches of", *(f"{size:,}" for size in sizes)], pace),
    ]


def _answers(answers: Mapping[str, Answer]) -> list[str]:
    rows = [
        [
            name,
            f"{answer.whole.windows:,}",
            f"{answer.whole.seconds:.1f}",
            f"{answer.bare:.1f}",
            f"{answer.over:.1f}",
            f"{answer.whole.seconds / answer.bare:.2f}",
        ]
        for name, answer in answers.items()
    ]
    return [
        "## From the command to the answer",
        "",
        "From `make script7-run` to its exit, every prediction proven, beside a bare",
        "`import tensorflow` of the same minute.",
        "",
        *table(["package", "windows", "run, s", "import, s", "over it, s", "ratio"], rows),
    ]


def _stages(answers: Mapping[str, Answer]) -> list[str]:
    wholes = {name: answer.whole for name, answer in answers.items()}
    stages = {
        name: {**whole.stages, REST: whole.seconds - sum(whole.stages.values())} for name, whole in wholes.items()
    }
    shares = {name: _shares(by_stage, wholes[name].seconds) for name, by_stage in stages.items()}
    names = [*dict.fromkeys(stage for whole in wholes.values() for stage in whole.stages), REST]
    rows = [[stage, *(cells.get(stage, "") for cells in shares.values())] for stage in names]
    return [
        "## Where the time goes",
        "",
        "Seconds that a run waits for each stage, and their share of it. All else: pytest",
        "itself, imports, checks, report, metadata.",
        "",
        *table(["stage", *wholes], rows),
    ]


def _shares(stages: Mapping[str, float], seconds: float) -> dict[str, str]:
    return {stage: f"{spent:.2f} ({spent / seconds:.0%})" for stage, spent in stages.items()}


def _datasets(datasets: Mapping[int, Mapping[str, float]]) -> list[str]:
    first = next(iter(datasets.values()))
    rows = [
        [
            f"{number}",
            *(f"{seconds:.2f}" for seconds in stages.values()),
            times(sum(stages.values()), sum(first.values()), ".2f"),
        ]
        for number, stages in datasets.items()
    ]
    return [
        "## Growth with datasets",
        "",
        "Sixteen models; the same rows in more files. In brackets: times the first line.",
        "",
        *table(["datasets", *(f"{stage}, s" for stage in first), "together, s"], rows),
    ]


def _memory(memory: Mapping[str, Mapping[str, float]]) -> list[str]:
    kinds = list(dict.fromkeys(kind for sizes in memory.values() for kind in sizes))
    rows = [
        [name, *(f"{sizes.get(kind, 0):,.0f}" for kind in kinds), f"{sum(sizes.values()):,.0f}"]
        for name, sizes in memory.items()
    ]
    return [
        "## Memory",
        "",
        "MiB of each process at the moment when all together have the most; pages that",
        "several share are counted in parts (PSS).",
        "",
        *table(["package", *kinds, "together"], rows),
    ]


def _proof(costs: Mapping[str, Mapping[str, Whole]]) -> list[str]:
    rows = []
    for name, runs in costs.items():
        off, full = runs["off"], runs["full"]
        waited, compared = (f"{full.stages[stage]:.2f}" for stage in ("oracle", "proof"))
        full_s = times(full.seconds, off.seconds, ".1f")
        rows.append([name, f"{full.windows:,}", f"{off.seconds:.1f}", full_s, waited, compared])
    return [
        "## What it costs to prove every prediction",
        "",
        "A run with `equivalence: full` beside one with `off`, taken in turns.",
        "",
        *table(["package", "windows", "off, s", "full, s", "waiting, s", "comparing, s"], rows),
    ]


def _growth(grown: Sequence[Whole]) -> list[str]:
    first = grown[0]
    seconds, sizes = [], []
    for whole in grown:
        proof, of_first = (each.stages["oracle"] + each.stages["proof"] for each in (whole, first))
        cells = [times(whole.stages[stage], first.stages[stage], ".1f") for stage in ("replay", "metrics")]
        seconds.append([f"{whole.windows:,}", *cells, times(proof, of_first, ".1f")])
        peaks = [times(whole.peaks[kind], first.peaks[kind], ",.0f") for kind in ("pytest", "server", "oracle")]
        sizes.append([f"{whole.windows:,}", *peaks])
    return [
        "## Growth with windows",
        "",
        "The same distinct windows, repeated. In brackets: times the first line.",
        "",
        *table(["windows", "replay, s", "metrics, s", "oracle and proof, s"], seconds),
        "",
        "Peaks of resident memory:",
        "",
        *table(["windows", "pytest, MiB", "server, MiB", "oracle, MiB"], sizes),
    ]


def write(page: str, rates: Rates) -> None:
    """Keep the tables and draw the rates."""
    (HERE / "results.md").write_text(page, encoding="utf-8")
    figure = Figure(figsize=(8, 3.6), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    sizes = list(next(iter(rates.values())))
    height = 0.8 / len(rates)
    for place, (name, by_size) in enumerate(rates.items()):
        at = [number + (place - (len(rates) - 1) / 2) * height for number in range(len(sizes))]
        bars = axes.barh(at, [by_size[size] for size in sizes], height, label=name, color=f"C{place}")
        axes.bar_label(bars, [f"{by_size[size]:,.0f}" for size in sizes], padding=3, fontsize=8)
    axes.set_yticks(range(len(sizes)), [f"batches of {size:,}" for size in sizes])
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlim(right=axes.get_xlim()[1] * 2)
    axes.set_xlabel("windows per second, each through every model (logarithmic)")
    axes.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, 1.2), ncols=2, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(HERE / "results.png", metadata={"Software": None})
