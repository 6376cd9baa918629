"""Test the figures of a run as files: which there are, and the same bytes wherever and by whom they are drawn."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_f07.errors import BrokenRun
from pytest_f07.results import run_figures
from pytest_f07.results.audit import ModelAudit
from pytest_f07.results.counting import LogCounts
from pytest_f07.results.metrics import Metrics
from pytest_f07.results.run_figures import MAX_PROCESSES, MODELS_A_PROCESS, FigureDrawer
from pytest_f07.variant.paths import Outputs
from tests.unit.results.test_figures import COUNTS, NAME, SCORES, draw_confusion, draw_scores
from tests.unit.small_run import model

RC = "font.size: 30\naxes.facecolor: red\nsavefig.dpi: 30\nsavefig.transparent: True\nfigure.facecolor: green\n"


def draw_run(folder: Path) -> dict[str, bytes]:
    """Return the figures of a run of two models, by file name."""
    out = Outputs(folder)
    out.figures.mkdir(parents=True)
    first = replace(model(NAME, "v402"), summary={"test_metrics": {"precision": 0.8, "recall": 0.4, "f1": 0.5}})
    counts = LogCounts(
        {NAME: COUNTS, "b": Metrics("b", 1, 2, 3, 4)}, {NAME: ModelAudit(scores=SCORES), "b": ModelAudit()}
    )
    with FigureDrawer(2) as drawer:
        drawer.begin(out, [first, model("b", "v401")], counts)
        drawer.wait()
    return {path.name: path.read_bytes() for path in out.figures.iterdir()}


def test_a_run_has_two_pictures_a_model_and_one_of_all(tmp_path: Path) -> None:
    drawn = draw_run(tmp_path)
    kinds = {f"{kind}_{name}.png" for kind in ("confusion", "scores") for name in (NAME, "b")}
    assert set(drawn) == {"comparison.png", *kinds}
    assert drawn[f"confusion_{NAME}.png"] == draw_confusion(COUNTS)
    assert drawn[f"scores_{NAME}.png"] == draw_scores(COUNTS, SCORES)


def test_a_matplotlibrc_in_the_users_folder_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "matplotlibrc").write_text(RC)
    subprocess.run(
        [
            sys.executable,
            "-c",
            "import pathlib, tests.unit.results.test_run_figures as t; t.draw_run(pathlib.Path('there'))",
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "MPLBACKEND": "svg"},
        check=True,
    )
    under_settings = {path.name: path.read_bytes() for path in Outputs(tmp_path / "there").figures.iterdir()}
    assert under_settings == draw_run(tmp_path / "here")


class Started:
    """The processes that draw, as they are started."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.processes = processes = list[subprocess.Popen[bytes]]()

        class Popen(subprocess.Popen[bytes]):
            def __init__(self, *arguments: object, **options: object) -> None:
                super().__init__(*arguments, **options)  # type: ignore[call-overload]
                processes.append(self)

        monkeypatch.setattr(subprocess, "Popen", Popen)


def draw_many(folder: Path, processors: int, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Return the figures of as many models as two processes share, by file name."""
    monkeypatch.setattr(os, "cpu_count", lambda: processors)
    out = Outputs(folder)
    out.figures.mkdir(parents=True)
    names = [f"m{number}" for number in range(2 * MODELS_A_PROCESS)]
    metrics = {name: replace(COUNTS, prediction_name=name, fp=number) for number, name in enumerate(names)}
    audits = {name: ModelAudit(scores=SCORES) for name in names}
    with FigureDrawer(len(names)) as drawer:
        drawer.begin(out, [model(name, "v401") for name in names], LogCounts(metrics, audits))
        drawer.wait()
    return {path.name: path.read_bytes() for path in out.figures.iterdir()}


def test_several_processes_draw_what_one_draws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = Started(monkeypatch)
    alone = draw_many(tmp_path / "alone", 1, monkeypatch)
    assert [process.returncode for process in started.processes] == [0]
    assert draw_many(tmp_path / "shared", 8, monkeypatch) == alone
    assert [process.returncode for process in started.processes] == [0, 0, 0]


def test_there_are_no_more_processes_than_memory_should_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(run_figures, "python_command", lambda module: [sys.executable, "-c", ""])
    started = Started(monkeypatch)
    with FigureDrawer(500):
        assert len(started.processes) == MAX_PROCESSES


def test_a_run_that_ends_early_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    started = Started(monkeypatch)
    with pytest.raises(OSError, match="planted"), FigureDrawer(1):
        raise OSError("planted")
    assert [process.returncode for process in started.processes] == [-9]


@pytest.mark.parametrize("is_asked_first", [False, True])
def test_a_process_that_cannot_draw_breaks_the_run_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_asked_first: bool
) -> None:
    read = "sys.stdin.buffer.readline(); " if is_asked_first else ""
    words = f"import sys; {read}print('No space left on device', file=sys.stderr); sys.exit(1)"
    monkeypatch.setattr(run_figures, "python_command", lambda module: [sys.executable, "-c", words])
    with pytest.raises(BrokenRun, match="draws the figures of 6 models failed: No space left on device"):
        draw_many(tmp_path, 2, monkeypatch)
