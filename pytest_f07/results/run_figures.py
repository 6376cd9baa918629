"""Let other processes draw the figures of a run, beside what else there is to do in its end.

They are started when the run begins: the half second in which matplotlib is imported passes while the server starts.
A figure has the same bytes whoever draws it.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from types import TracebackType

from pytest_f07.errors import BrokenRun
from pytest_f07.results import formulas
from pytest_f07.results.audit import ModelAudit
from pytest_f07.results.counting import LogCounts
from pytest_f07.results.drawing import Drawings, ModelDrawing
from pytest_f07.results.f05 import F05
from pytest_f07.results.figures import SHOWN_BINS, ComparisonPoint, ModelPicture
from pytest_f07.results.metrics import Metrics
from pytest_f07.results.scores import BINS
from pytest_f07.variant.interpreter import child_environment, python_command
from pytest_f07.variant.package import Model
from pytest_f07.variant.paths import Outputs
from pytest_f07.variant.wording import counted

MODELS_A_PROCESS = 6  # a process for fewer would spend more time on its imports than on drawing
MAX_PROCESSES = 8  # each holds 50 MB while the run replays


class FigureDrawer:
    """The processes that draw the figures of a run; a context manager that leaves none behind.

    :param models: how many there are.
    """

    def __init__(self, models: int) -> None:
        self._number = max(1, min(os.cpu_count() or 1, MAX_PROCESSES, models // MODELS_A_PROCESS))
        self._resources = ExitStack()

    def __enter__(self) -> FigureDrawer:
        with ExitStack() as stack:  # where one does not start, the others end
            self._processes = [stack.enter_context(_Process()) for _ in range(self._number)]
            self._resources = stack.pop_all()
        return self

    def begin(self, outputs: Outputs, models: Sequence[Model], counts: LogCounts) -> None:
        """Begin to draw the figures under ``report/figures/``: two of each model, and one of all."""
        shares = divide(outputs, models, counts, self._number)
        for process, share in zip(self._processes, shares, strict=True):
            process.ask(share)

    def wait(self) -> None:
        """Wait until all are written.

        :raises BrokenRun: where a process could not draw its share.
        """
        for process in self._processes:
            process.wait()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resources.close()


def divide(outputs: Outputs, models: Sequence[Model], counts: LogCounts, processes: int) -> list[Drawings]:
    """Return what each process draws: every so many-th model, and the first the comparison of all."""
    drawings, points = [], []
    for model in models:
        name = model.prediction_name
        metrics, audit = counts.metrics[name], counts.audits[name]
        picture = describe_model(metrics, audit)
        drawings.append(ModelDrawing(picture, outputs.confusion_png(name), outputs.scores_png(name)))
        values = {
            "precision": formulas.precision(metrics),
            "recall": formulas.recall(metrics),
            "f1": formulas.f1(metrics),
        }
        points.append(ComparisonPoint(name, values, F05.from_summary(model.summary).metrics))
    first, *others = (drawings[number::processes] for number in range(processes))
    return [Drawings(first, points, outputs.comparison_png), *(Drawings(share) for share in others)]


def describe_model(metrics: Metrics, audit: ModelAudit) -> ModelPicture:
    """Return the numbers that the figures of one model show."""
    scores = audit.scores
    below, above = scores.outside.tolist()
    return ModelPicture(
        prediction_name=metrics.prediction_name,
        counts=metrics.counts(audit),
        not_numbers=scores.not_numbers,
        by_label=scores.by_label.reshape(2, SHOWN_BINS, BINS // SHOWN_BINS).sum(axis=2),
        outside=(below, above),
        threshold=scores.threshold,
        curve=scores.curve(),
        has_scores=audit.has_scores,
    )


class _Process:
    """A process that draws; a context manager that ends it."""

    def __enter__(self) -> _Process:
        self._log = tempfile.TemporaryFile()
        self._popen = subprocess.Popen(
            python_command("pytest_f07.results.drawing"),
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=self._log,
            env=child_environment(),
        )
        return self

    def ask(self, drawings: Drawings) -> None:
        """Let it draw; where it has died, :meth:`wait` says why."""
        question = pickle.dumps(drawings)
        self._models = len(drawings.models)
        assert self._popen.stdin is not None
        with suppress(BrokenPipeError):
            self._popen.stdin.write(b"%d\n%b" % (len(question), question))
            self._popen.stdin.flush()

    def wait(self) -> None:
        """Wait until all is written; raise :class:`BrokenRun` where it fails."""
        if self._popen.wait():
            subject = counted(self._models, "model")
            raise BrokenRun(f"the process that draws the figures of {subject} failed: {self._last_line()}")

    def _last_line(self) -> str:
        self._log.seek(0)
        lines = self._log.read()[-4096:].decode("utf-8", "replace").split("\n")
        return next((line for line in reversed(lines) if line.strip()), "it said nothing")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._popen.kill()
        self._popen.wait()
        assert self._popen.stdin is not None
        with suppress(BrokenPipeError):  # figures that it did not live to draw
            self._popen.stdin.close()
        self._log.close()
