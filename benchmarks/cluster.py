"""What spreading a run costs and gains: ``python -m benchmarks.cluster [PACKAGE]`` prints the rows of docs/scale.md.

Runs on one machine, with one worker and with two take turns; the figures are medians of the stage ``replay``, which on
a cluster ends when the log is joined.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.workload import VARIANT, enlarge
from pytest_f07.variant.paths import Project

DEMO = Path(__file__).parents[1] / "executions" / "06_packaging" / "v601"
WINDOWS = 343_050
ROUNDS = 3
MANY_SHARDS = 40
WAYS = {"one machine": (), "1 worker": ("--f07-workers=1",), "2 workers": ("--f07-workers=2",)}
SHARDS = """
import functools
import pytest_f07.run.execute as execute
execute.cut_shards = functools.partial(execute.cut_shards, predictions={predictions})
"""


def replay_seconds(project: Project, *arguments: str) -> float:
    """Return how long the replay of one run took."""
    command = [sys.executable, "-m", "pytest", "-q", f"--f07-variant={VARIANT}", "-W", "default", *arguments]
    done = subprocess.run(command, cwd=project.root, capture_output=True, text=True, check=False)
    metadata = project.variant(VARIANT).metadata
    if not metadata.is_file():
        raise SystemExit(f"the run is not complete:\n{done.stdout}{done.stderr}")
    seconds: float = json.loads(metadata.read_text())["seconds"]["replay"]
    return seconds


def measure(project: Project, predictions: int, ways: dict[str, tuple[str, ...]]) -> dict[str, float]:
    """Return the median seconds of each way, with shards of so many predictions."""
    (project.root / "conftest.py").write_text(SHARDS.format(predictions=predictions))
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(ROUNDS):
        for way, arguments in ways.items():
            seconds[way].append(replay_seconds(project, *arguments))
    return {way: median(each) for way, each in seconds.items()}


def main() -> None:
    """Print the rows."""
    package = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else DEMO
    models = len(list((package / "models").iterdir()))
    with tempfile.TemporaryDirectory(prefix="f07-bench-") as folder:
        project = enlarge(package, Path(folder) / "project", WINDOWS)
        params = project.variant(VARIANT).params
        params.write_text(params.read_text().replace("batch_size: 256", "batch_size: 8192") + "equivalence: 'off'\n")
        few = measure(project, WINDOWS * models // 8, WAYS)
        one = {"1 worker": WAYS["1 worker"]}
        many = measure(project, WINDOWS * models // MANY_SHARDS, one)
    print(f"| {package.name}, {WINDOWS:,} windows × {models} models, in 8 shards | replay, s | of one machine |")
    print("|---|---|---|")
    for way, seconds in few.items():
        print(f"| {way} | {seconds:.2f} | {seconds / few['one machine']:.2f} × |")
    print(f"A shard more costs {1000 * (many['1 worker'] - few['1 worker']) / (MANY_SHARDS - 8):.0f} ms.")


if __name__ == "__main__":
    main()
