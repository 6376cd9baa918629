"""Compare, print the tables with their ratios, write ``benchmarks/results.md`` and ``benchmarks/results.png``."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from statistics import median

from benchmarks import page
from benchmarks.contenders import contenders
from benchmarks.protocols import measure
from benchmarks.whole import Whole, import_tensorflow, run
from benchmarks.workload import enlarge, project_of
from pytest_f07.variant.paths import Project

DEMO = Path(__file__).parents[1] / "executions" / "06_packaging" / "v601"
BATCH_SIZES = (256, 2048, 8192)
ROUNDS = 5
WHOLE_ROUNDS = 3
WINDOWS = 100_000
PROTOCOL_WINDOWS = 20_000
GROWTH = (100_000, 1_000_000, 10_000_000)


def compare(project: Project, scratch: Path) -> dict[str, dict[int, float]]:
    """Windows per second of each contender by batch size: medians of rounds in which all take turns."""
    started = list(contenders(project, scratch))
    rates: dict[str, dict[int, list[float]]] = {one.name: {size: [] for size in BATCH_SIZES} for one in started}
    try:
        for number in range(ROUNDS + 1):
            for size in BATCH_SIZES:
                for one in started:
                    rate = one.rate(size)
                    if number:  # the first round warms up
                        rates[one.name][size].append(rate)
            print(f"  round {number} of {ROUNDS}", flush=True)
    finally:
        for one in started:
            one.close()
    return {name: {size: median(values) for size, values in by_size.items()} for name, by_size in rates.items()}


def whole(project: Project) -> tuple[Whole, float]:
    """Return the run with the median wall time, and the median of bare imports between the runs."""
    imports, runs = [], []
    for _ in range(WHOLE_ROUNDS):
        imports.append(import_tensorflow())
        runs.append(run(project))
    return sorted(runs, key=lambda one: one.seconds)[WHOLE_ROUNDS // 2], median(imports)


def cost_of_proof(projects: dict[str, Project]) -> dict[str, dict[str, Whole]]:
    """Return, for each project, the runs with the median wall time with the oracle and without, taken in turns."""
    costs = {}
    for name, project in projects.items():
        runs: dict[str, list[Whole]] = {"off": [], "full": []}
        for _ in range(WHOLE_ROUNDS):
            for mode, of_mode in runs.items():
                of_mode.append(run(project, mode))
        costs[name] = {
            mode: sorted(each, key=lambda one: one.seconds)[WHOLE_ROUNDS // 2] for mode, each in runs.items()
        }
        print(f"  {name}: {', '.join(f'{mode} {one.seconds:.1f} s' for mode, one in costs[name].items())}", flush=True)
    return costs


def main() -> None:
    """Run all of it."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--package", type=Path, help="an F06 package; without it the demo package, enlarged")
    parser.add_argument("--protocols", action="store_true", help="only the protocols of other servers, beside ours")
    options = parser.parse_args()
    package = options.package
    if options.protocols:
        with tempfile.TemporaryDirectory(prefix="f07-bench-") as folder:
            source = package.resolve() if package else DEMO
            for line in measure(enlarge(source, Path(folder) / "compared", PROTOCOL_WINDOWS), Path(folder)):
                print(line, flush=True)
        return
    with tempfile.TemporaryDirectory(prefix="f07-bench-") as folder:
        scratch = Path(folder)
        if package:
            project = project_of(package.resolve(), scratch / "compared")
        else:
            project = enlarge(DEMO, scratch / "compared", WINDOWS)
        print("Replay, by batch size:", flush=True)
        rates = compare(project, scratch)
        print("A whole run:", flush=True)
        one, bare = whole(project)
        print("The cost of the proof:", flush=True)
        as_it_is = project_of(package.resolve() if package else DEMO, scratch / "small")
        costs = cost_of_proof({"as it is": as_it_is} | ({} if package else {"enlarged": project}))
        print("Growth:", flush=True)
        grown = []
        for windows in GROWTH:
            larger = enlarge(package or DEMO, scratch / f"{windows}", windows, distinct=WINDOWS)
            grown.append(run(larger))
            print(f"  {windows:,} windows: {grown[-1].seconds:.0f} s", flush=True)
    text = page.text(package.name if package else None, rates, one, bare, costs, grown)
    print(text)
    if package is None:
        page.write(text, rates)


if __name__ == "__main__":
    main()
