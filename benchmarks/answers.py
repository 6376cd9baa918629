"""From the command to the answer: whole runs of several packages, each beside a bare import of the same minute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from benchmarks.whole import Whole, import_tensorflow, run
from pytest_f07.variant.paths import Project

ROUNDS = 3


@dataclass(frozen=True)
class Answer:
    """A run, and the seconds of the bare ``import tensorflow`` before it."""

    whole: Whole
    bare: float

    @property
    def over(self) -> float:
        """Return the seconds that the run takes more than the import."""
        return self.whole.seconds - self.bare


def measure_answers(projects: Mapping[str, Project]) -> dict[str, Answer]:
    """Return, for each project, the run that takes the median time over its import, all taken in turns."""
    answers: dict[str, list[Answer]] = {name: [] for name in projects}
    for _ in range(ROUNDS):
        for name, project in projects.items():
            bare = import_tensorflow()
            answers[name].append(Answer(run(project), bare))
            print(f"  {name}: {answers[name][-1].over:.1f} s over the import", flush=True)
    return {name: sorted(runs, key=lambda answer: answer.over)[ROUNDS // 2] for name, runs in answers.items()}


def measure_stages(projects: Mapping[int, Project], stages: tuple[str, ...]) -> dict[int, dict[str, float]]:
    """Return, for each project, the median seconds of some stages, all taken in turns."""
    runs: dict[int, list[Whole]] = {number: [] for number in projects}
    for _ in range(ROUNDS):
        for number, project in projects.items():
            runs[number].append(run(project))
            print(f"  {number} datasets: {runs[number][-1].seconds:.1f} s", flush=True)
    return {
        number: {stage: median(whole.stages[stage] for whole in wholes) for stage in stages}
        for number, wholes in runs.items()
    }
