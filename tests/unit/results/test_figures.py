"""The pictures: PNGs of the same bytes, whoever draws them and where, with nothing in them but what was measured."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from pytest_f07.results.audit import Audit, ModelAudit
from pytest_f07.results.figures import Measured, draw_all, draw_comparison, draw_confusion, draw_pace, draw_scores
from pytest_f07.results.metrics import Metrics
from pytest_f07.results.scores import Block, Scores
from pytest_f07.variant.paths import Outputs
from tests.unit.small_run import model

NAME = "inverter_trip.cnn"
COUNTS = Metrics(NAME, tp=12, tn=3400, fp=5, fn=67)
HERE = {"precision": 0.71, "recall": 0.15, "f1": 0.25}
RC = "font.size: 30\naxes.facecolor: red\nsavefig.dpi: 30\nsavefig.transparent: True\nfigure.facecolor: green\n"


def scores(y_prob: list[float], labels: list[int], threshold: float = 0.7) -> Scores:
    found, probs = Scores(threshold), np.array(y_prob, np.float32)
    windows = pa.array([[code] for code in range(len(probs))])
    preds = (probs >= np.float32(threshold)).astype(np.int8)
    found.add(Block(0, windows, np.array(labels, np.int8), preds, probs))
    return found


SCORES = scores([0.1, 0.2, 0.65, 0.9, 0.95], [0, 0, 1, 0, 1])
PICTURES: dict[str, Callable[[], bytes]] = {
    "confusion": lambda: draw_confusion(COUNTS),
    "scores": lambda: draw_scores(COUNTS, SCORES),
    "comparison": lambda: draw_comparison([Measured(NAME, HERE, {"f1": 0.8}), Measured("b", HERE, {})]),
}
every = pytest.mark.parametrize("draw", PICTURES.values(), ids=PICTURES)


def draw_a_run(folder: Path) -> dict[str, bytes]:
    """The pictures of a whole run of two models, by file name."""
    out = Outputs(folder)
    out.figures.mkdir(parents=True)
    first = replace(model(NAME, "v402"), summary={"test_metrics": {"precision": 0.8, "recall": 0.4, "f1": 0.5}})
    checked = Audit({NAME: ModelAudit(scores=SCORES), "b": ModelAudit()}, None)
    draw_all(out, [first, model("b", "v401")], {NAME: COUNTS, "b": Metrics("b", 1, 2, 3, 4)}, checked)
    return {path.name: path.read_bytes() for path in out.figures.iterdir()}


@every
def test_the_same_counts_give_the_same_bytes(draw: Callable[[], bytes]) -> None:
    once = draw()
    assert once.startswith(b"\x89PNG\r\n\x1a\n")
    assert draw() == once
    with mpl.rc_context({"font.size": 30, "savefig.dpi": 30}):
        assert draw() == once


@every
def test_a_picture_holds_nothing_timed(draw: Callable[[], bytes]) -> None:
    content, chunks, at = draw(), set(), 8
    while at < len(content):
        chunks.add(content[at + 4 : at + 8])
        at += 12 + int.from_bytes(content[at : at + 4], "big")
    assert chunks == {b"IHDR", b"PLTE", b"pHYs", b"IDAT", b"IEND"}


OTHERS = {
    "confusion, name": lambda: draw_confusion(replace(COUNTS, prediction_name="z")),
    "confusion, count": lambda: draw_confusion(replace(COUNTS, tp=13)),
    "scores, name": lambda: draw_scores(replace(COUNTS, prediction_name="z"), SCORES),
    "scores, precision": lambda: draw_scores(replace(COUNTS, fp=100), SCORES),
    "scores, threshold": lambda: draw_scores(COUNTS, replace(SCORES, threshold=0.6)),
    "scores, some outside": lambda: draw_scores(COUNTS, replace(SCORES, outside=np.array([3, 0]))),
    "scores, a label": lambda: draw_scores(COUNTS, scores([0.1, 0.2, 0.65, 0.9, 0.95], [0, 1, 1, 0, 1])),
    "comparison, F05": lambda: draw_comparison([Measured(NAME, HERE, {"f1": 0.7}), Measured("b", HERE, {})]),
    "comparison, one": lambda: draw_comparison([Measured(NAME, HERE, {"f1": 0.8})]),
    "comparison, here": lambda: draw_comparison(
        [Measured(NAME, {**HERE, "recall": 0.9}, {"f1": 0.8}), Measured("b", HERE, {})]
    ),
}


@pytest.mark.parametrize(("case", "other"), OTHERS.items(), ids=OTHERS)
def test_other_numbers_or_another_name_are_another_picture(case: str, other: Callable[[], bytes]) -> None:
    assert other() != PICTURES[case.split(",")[0]]()


@pytest.mark.parametrize("counts", [(0, 0, 0, 0), (10**12, 0, 0, 7)])
@pytest.mark.parametrize("name", ["a", "a__b", "-.-", "w" * 100])
def test_any_counts_and_names_can_be_drawn(name: str, counts: tuple[int, int, int, int]) -> None:
    metrics, found = Metrics(name, *counts), Scores()
    found.by_label[:, [0, 999]] = np.reshape(counts, (2, 2))
    assert draw_confusion(metrics)
    assert draw_scores(metrics, found)
    assert draw_comparison([Measured(name, {"precision": 0.0, "recall": 1.0, "f1": 0.0}, {})] * 3)


@pytest.mark.parametrize("name", ["w" * 30, "W" * 100, "i" * 100])
def test_a_long_name_is_not_cut_off(name: str) -> None:
    """Its letters shrink: the first and last column of each picture stay empty."""
    pictures = (
        draw_confusion(Metrics(name)), draw_scores(Metrics(name), Scores()), draw_comparison([Measured(name, HERE, {})])
    )  # fmt: skip
    for picture in pictures:
        pixels = np.asarray(Image.open(io.BytesIO(picture)).convert("L"))
        assert pixels[:, [0, -1]].min() == 255


def test_a_replay_of_one_answer_has_a_pace() -> None:
    assert draw_pace([(0.0, 1, 0.0)]).startswith(b"\x89PNG")
    assert draw_pace([(0.5, 256, 0.01), (1.0, 256, 0.02), (1.5, 3, 0.01)] * 30).startswith(b"\x89PNG")


def test_a_run_has_two_pictures_a_model_and_one_of_all(tmp_path: Path) -> None:
    drawn = draw_a_run(tmp_path)
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
            "import pathlib, tests.unit.results.test_figures as t; t.draw_a_run(pathlib.Path('there'))",
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "MPLBACKEND": "svg"},
        check=True,
    )
    there = {path.name: path.read_bytes() for path in Outputs(tmp_path / "there").figures.iterdir()}
    assert there == draw_a_run(tmp_path / "here")


def test_drawing_leaves_the_hosts_settings_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(mpl.rcParams, "font.size", 30)
    monkeypatch.setitem(mpl.rcParams, "backend", "svg")
    before = dict(mpl.rcParams)
    draw_confusion(COUNTS)
    assert dict(mpl.rcParams) == before
