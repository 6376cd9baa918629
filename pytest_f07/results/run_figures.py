"""Draw the figures of a run; those of many models in several processes.

``python -m pytest_f07.results.run_figures`` reads pickled models from its standard input and writes their figures. A
figure has the same bytes whoever draws it.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from pytest_f07.errors import BrokenRun
from pytest_f07.results import figures, formulas
from pytest_f07.results.counting import LogCounts
from pytest_f07.results.f05 import F05
from pytest_f07.results.metrics import Metrics
from pytest_f07.results.scores import Scores
from pytest_f07.variant.interpreter import child_environment, python_command
from pytest_f07.variant.package import Model
from pytest_f07.variant.paths import Outputs

MODELS_A_PROCESS = 6  # of fewer, a process would spend more time on its imports than on drawing


@dataclass(frozen=True)
class ModelFigures:
    """What the two figures of one model show, and where they go.

    :param has_scores: False where the server gives labels alone.
    """

    outputs: Outputs
    metrics: Metrics
    scores: Scores
    has_scores: bool

    def draw(self) -> None:
        """Write both."""
        name = self.metrics.prediction_name
        self.outputs.confusion_png(name).write_bytes(figures.draw_confusion(self.metrics))
        self.outputs.scores_png(name).write_bytes(figures.draw_scores(self.metrics, self.scores, self.has_scores))


def draw_all(outputs: Outputs, models: Sequence[Model], counts: LogCounts) -> None:
    """Write the figures under ``report/figures/``: two of each model, and one of all.

    :raises BrokenRun: where another process could not draw its share.
    """
    drawn, points = [], []
    for model in models:
        metrics, audit = counts.metrics[model.prediction_name], counts.audits[model.prediction_name]
        drawn.append(ModelFigures(outputs, metrics, audit.scores, audit.has_scores))
        values = {
            "precision": formulas.precision(metrics),
            "recall": formulas.recall(metrics),
            "f1": formulas.f1(metrics),
        }
        points.append(figures.ComparisonPoint(model.prediction_name, values, F05.from_summary(model.summary).metrics))
    processes = max(1, min(os.cpu_count() or 1, len(models) // MODELS_A_PROCESS))
    with ExitStack() as others:
        for number in range(1, processes):
            others.enter_context(_drawing(drawn[number::processes]))
        for each in drawn[::processes]:
            each.draw()
        outputs.comparison_png.write_bytes(figures.draw_comparison(points))


@contextmanager
def _drawing(share: Sequence[ModelFigures]) -> Iterator[None]:
    """Let another process draw a share; it is done when the context ends, and gone where that ends by an error."""
    with tempfile.TemporaryFile() as question, tempfile.TemporaryFile() as log:
        pickle.dump(share, question)
        question.seek(0)
        process = subprocess.Popen(
            python_command(__name__), stdin=question, stdout=log, stderr=log, env=child_environment()
        )
        try:
            yield
            if process.wait():
                raise BrokenRun(f"the process that draws the figures of {len(share)} models failed: {_last_line(log)}")
        finally:
            process.kill()
            process.wait()


def _last_line(log: BinaryIO) -> str:
    log.seek(0)
    lines = log.read()[-4096:].decode("utf-8", "replace").split("\n")
    return next((line for line in reversed(lines) if line.strip()), "it said nothing")


if __name__ == "__main__":
    for model_figures in pickle.load(sys.stdin.buffer):
        model_figures.draw()
