"""What spreading a run costs and gains: ``python -m benchmarks.cluster [PACKAGE]`` prints the rows of docs/scale.md.

Runs on one machine, with one worker and with two take turns. What is measured ends when the log is joined and counted:
a run on one machine counts it afterwards, workers count each shard.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.tables import table, times
from benchmarks.workload import VARIANT, enlarge
from pytest_f07.replay.shards import SHARD_PREDICTIONS, cut_shards
from pytest_f07.variant.manifest import load
from pytest_f07.variant.paths import Project

DEMO = Path(__file__).parents[1] / "executions" / "06_packaging" / "v601"
WINDOWS = 1_372_200  # the real v601 ten times over
ROUNDS = 2
FEW, MANY = "one machine", "many shards"
WAYS = {FEW: (), "1 worker": ("--f07-workers=1",), "2 workers": ("--f07-workers=2",), MANY: ("--f07-workers=1",)}
MORE_SHARDS = 40
SHARDS = """
import functools
import pytest_f07.run.execute as execute
execute.cut_shards = functools.partial(execute.cut_shards, predictions={predictions})
"""


@dataclass(frozen=True)
class Spread:
    """What was measured of one package.

    :param seconds: by way, from the start of the replay until the log is joined and counted.
    :param shards: by way, their number.
    """

    package: str
    windows: int
    models: int
    seconds: Mapping[str, float]
    shards: Mapping[str, int]

    @property
    def seconds_per_shard(self) -> float:
        """Return what one shard more costs."""
        return (self.seconds[MANY] - self.seconds["1 worker"]) / (self.shards[MANY] - self.shards["1 worker"])

    def lines(self) -> list[str]:
        """Return the section of the page."""
        first = self.seconds[FEW]
        rows = [[way, f"{self.shards[way]}", times(seconds, first, ".2f")] for way, seconds in self.seconds.items()]
        return [
            "## Spread over workers",
            "",
            f"{self.package}, {self.windows:,} windows × {self.models} models: replayed, joined and",
            "counted. Workers are of this machine; many shards: by 1 worker. A shard more",
            f"costs {1000 * self.seconds_per_shard:.0f} ms.",
            "",
            *table(["", "shards", "seconds"], rows),
        ]


def measure_spread(package: Path, folder: Path) -> Spread:
    """Return what the ways take; of some rounds, the fastest.

    :param folder: for a project.
    """
    project = enlarge(package, folder, WINDOWS)
    models = len(list((package / "models").iterdir()))
    params = project.variant(VARIANT).params
    params.write_text(params.read_text().replace("batch_size: 256", "batch_size: 8192") + "equivalence: 'off'\n")
    predictions = dict.fromkeys(WAYS, SHARD_PREDICTIONS) | {MANY: WINDOWS * models // MORE_SHARDS}
    seconds: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(ROUNDS):
        for way, arguments in WAYS.items():
            (project.root / "conftest.py").write_text(SHARDS.format(predictions=predictions[way]))
            seconds[way].append(_seconds_of_run(project, *arguments))
    shards = {way: _count_shards(project, models, each) for way, each in predictions.items()}
    return Spread(package.name, WINDOWS, models, {way: min(each) for way, each in seconds.items()}, shards)


def _seconds_of_run(project: Project, *arguments: str) -> float:
    command = [sys.executable, "-m", "pytest", "-q", f"--f07-variant={VARIANT}", "-W", "default", *arguments]
    metadata = project.variant(VARIANT).metadata
    metadata.unlink(missing_ok=True)
    done = subprocess.run(command, cwd=project.root, capture_output=True, text=True, check=False)
    if not metadata.is_file():
        raise SystemExit(f"the run is not complete:\n{done.stdout}{done.stderr}")
    seconds = json.loads(metadata.read_text())["seconds"]
    return float(seconds["replay"] + seconds["metrics"])


def _count_shards(project: Project, models: int, predictions: int) -> int:
    datasets = load(project, VARIANT).read_datasets(None)
    return len(cut_shards(datasets, models, 8192, predictions))


def main() -> None:
    """Print the rows."""
    package = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else DEMO
    with tempfile.TemporaryDirectory(prefix="f07-bench-") as folder:
        print("\n".join(measure_spread(package, Path(folder) / "project").lines()))


if __name__ == "__main__":
    main()
