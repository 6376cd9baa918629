"""Compare, print the tables with their ratios, write ``benchmarks/results.md`` and ``benchmarks/results.png``."""

from __future__ import annotations

import argparse
import importlib.util
import tempfile
from pathlib import Path
from statistics import median

from benchmarks import page
from benchmarks.answers import Answer, measure_answers, measure_stages
from benchmarks.cluster import measure_spread
from benchmarks.contenders import contenders
from benchmarks.many import multiply
from benchmarks.peers import DEPLOYMENTS as PEERS
from benchmarks.protocols import DEPLOYMENTS as PROTOCOLS
from benchmarks.protocols import Deployment, measure
from benchmarks.whole import Whole, peak_pss, run
from benchmarks.workload import enlarge, project_of
from pytest_f07.variant.paths import Project

REPOSITORY = Path(__file__).parents[1]
DEMO = REPOSITORY / "executions" / "06_packaging" / "v601"
REAL = REPOSITORY.parent / "shared" / "packages" / "executions" / "06_packaging" / "v601"
BATCH_SIZES = (256, 2048, 8192)
ROUNDS = 5
WHOLE_ROUNDS = 3
WINDOWS = 100_000
PROTOCOL_WINDOWS = 20_000
GROWTH = (100_000, 1_000_000, 10_000_000)
MANY_MODELS, FEW_ROWS = 50, 640
MODELS, ROWS, DATASETS = 16, 34_304, (4, 32)


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


def measure_runs(package: Path | None, scratch: Path) -> tuple[dict[str, Answer], dict[str, dict[str, float]]]:
    """Return the answers and the memory of a package, or of all that the demo and the real v601 are made to show."""
    if package:
        projects = {package.name: project_of(package, scratch / "answers")}
    else:
        projects = {"demo": project_of(DEMO, scratch / "demo")}
        if REAL.is_dir():
            projects["real v601"] = project_of(REAL, scratch / "real")
        projects[f"{MANY_MODELS} models"] = multiply(DEMO, scratch / "many", MANY_MODELS, 1, FEW_ROWS)
    print("From the command to the answer:", flush=True)
    answers = measure_answers(projects)
    print("Memory:", flush=True)
    return answers, {name: peak_pss(project) for name, project in projects.items()}


def measure_datasets(scratch: Path) -> dict[int, dict[str, float]]:
    """Return the seconds that the same rows take in few datasets and in many."""
    print("Growth with datasets:", flush=True)
    projects = {number: multiply(DEMO, scratch / f"in-{number}", MODELS, number, ROWS) for number in DATASETS}
    return measure_stages(projects, ("infer", "metrics"))


def measure_spread_rows(package: Path | None, scratch: Path) -> list[str]:
    """Return the lines on runs that are spread over workers; none where Dask is missing."""
    if importlib.util.find_spec("distributed") is None:
        return []
    print("Spread over workers:", flush=True)
    source = package or (REAL if REAL.is_dir() else DEMO)
    return measure_spread(source, scratch / "spread").lines()


def measure_all(package: Path | None, scratch: Path) -> page.Results:
    """Return all that ``make bench`` shows."""
    source = package or DEMO
    project = project_of(source, scratch / "all") if package else enlarge(DEMO, scratch / "all", WINDOWS)
    answers, memory = measure_runs(package, scratch)
    datasets = {} if package else measure_datasets(scratch)
    print("Replay, by batch size:", flush=True)
    rates = compare(project, scratch)
    print("The cost of the proof:", flush=True)
    as_it_is = project_of(source, scratch / "small")
    costs = cost_of_proof({"as it is": as_it_is} | ({} if package else {"enlarged": project}))
    print("Growth with windows:", flush=True)
    grown = []
    for windows in GROWTH:
        grown.append(run(enlarge(source, scratch / f"{windows}", windows, distinct=WINDOWS)))
        print(f"  {windows:,} windows: {grown[-1].seconds:.0f} s", flush=True)
    spread = measure_spread_rows(package, scratch)
    return page.Results(package.name if package else None, rates, answers, costs, grown, memory, datasets, spread)


def main() -> None:
    """Run all of it, or only other servers."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--package", type=Path, help="an F06 package; without it the demo package, enlarged")
    parser.add_argument("--protocols", action="store_true", help="only the protocols of other servers, beside ours")
    parser.add_argument("--peers", action="store_true", help="only MLflow's and BentoML's servers, beside ours")
    options = parser.parse_args()
    package: Path | None = options.package and options.package.resolve()
    deployments: list[Deployment] = [*(PROTOCOLS if options.protocols else []), *(PEERS if options.peers else [])]
    with tempfile.TemporaryDirectory(prefix="f07-bench-") as folder:
        scratch = Path(folder)
        if deployments:
            project = enlarge(package or DEMO, scratch / "compared", PROTOCOL_WINDOWS)
            for line in measure(project, scratch, deployments):
                print(line, flush=True)
            return
        results = measure_all(package, scratch)
    text = page.text(results)
    print(text)
    if package is None:
        page.write(text, results.rates)


if __name__ == "__main__":
    main()
