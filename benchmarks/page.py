"""The figures as people read them: ``results.md`` and ``results.png``."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.whole import Whole

HERE = Path(__file__).parent
Rates = dict[str, dict[int, float]]


def text(
    package: str | None,
    rates: Rates,
    one: Whole,
    bare: float,
    costs: Mapping[str, Mapping[str, Whole]],
    grown: Sequence[Whole],
) -> str:
    """All tables, in Markdown."""
    software = ", ".join(f"{name} {metadata.version(name)}" for name in ("tensorflow", "keras", "pyarrow", "waitress"))
    return "\n".join(
        [
            "# How fast the replay is",
            "",
            f"Written by `make bench`: {package or 'the demo package, enlarged'}, {one.windows:,} windows, "
            f"{os.cpu_count()} cores, Python {platform.python_version()}, {software}.",
            "Only the ratios are claims: they are taken side by side in one run, each from medians.",
            "",
            *_rates(rates),
            "",
            *_whole(one, bare),
            "",
            *_proof(costs),
            "",
            *_growth(grown),
            "",
        ]
    )


def _rates(rates: Rates) -> list[str]:
    plain, *_, limit = rates.values()
    sizes = list(limit)
    lines = [
        "## Windows per second, each through every model",
        "",
        "In brackets: times the plain way, and the share of what the models alone do.",
        "",
        f"| | {' | '.join(f'batches of {size:,}' for size in sizes)} |",
        f"|---|{'---|' * len(sizes)}",
    ]
    for name, by_size in rates.items():
        cells = [f"{by_size[n]:,.0f} ({by_size[n] / plain[n]:.0f} ×, {by_size[n] / limit[n]:.2f})" for n in sizes]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def _whole(one: Whole, bare: float) -> list[str]:
    rest = one.seconds - sum(one.stages.values())
    stages = {**one.stages, "report, metadata, pytest itself": rest}
    return [
        "## A whole run, from the command to its exit",
        "",
        f"{one.seconds:.1f} s, beside {bare:.1f} s for a bare `import tensorflow`.",
        "",
        "| stage | seconds | of the replay |",
        "|---|---|---|",
        *(f"| {name} | {s:.2f} | {s / one.stages['replay']:.2f} |" for name, s in stages.items()),
    ]


def _proof(costs: Mapping[str, Mapping[str, Whole]]) -> list[str]:
    lines = [
        "## What it costs to prove every prediction",
        "",
        "A whole run with `equivalence: full` beside one with `off`, taken in turns.",
        "",
        "| package | windows | off, s | full, s | more | waited for the oracle, s | comparison, s |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, runs in costs.items():
        off, full = runs["off"], runs["full"]
        cells = [
            f"{full.windows:,}",
            f"{off.seconds:.1f}",
            _times(full.seconds, off.seconds, ".1f"),
            f"{full.seconds - off.seconds:.1f}",
            *(f"{full.stages[stage]:.2f}" for stage in ("oracle", "proof")),
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def _growth(grown: Sequence[Whole]) -> list[str]:
    first = grown[0]
    lines = [
        "## Growth",
        "",
        "The same distinct windows, repeated. In brackets: times the first row.",
        "",
        "| windows | replay, s | metrics, s | oracle and proof, s | peak of pytest, MiB | the server | the oracle |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in grown:
        proof, of_first = (each.stages["oracle"] + each.stages["proof"] for each in (one, first))
        cells = [
            f"{one.windows:,}",
            _times(one.stages["replay"], first.stages["replay"], ".1f"),
            _times(one.stages["metrics"], first.stages["metrics"], ".1f"),
            _times(proof, of_first, ".1f"),
            *(_times(one.peaks[who], first.peaks[who], ",.0f") for who in ("pytest", "server", "oracle")),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _times(value: float, first: float, form: str) -> str:
    return f"{value:{form}} ({value / first:.2f} ×)"


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
