"""The confusion matrix as a picture: a PNG of the same bytes, whoever draws it and where."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import pytest

from pytest_f07.results.figures import draw_confusion
from pytest_f07.results.metrics import Metrics

COUNTS = Metrics("inverter_trip.cnn", tp=12, tn=3400, fp=5, fn=67)
DRAW = """
import sys
from pathlib import Path
from pytest_f07.results.figures import draw_confusion
from pytest_f07.results.metrics import Metrics
draw_confusion(Metrics("inverter_trip.cnn", tp=12, tn=3400, fp=5, fn=67), Path(sys.argv[1]))
"""
RC = "font.size: 30\naxes.facecolor: red\nsavefig.dpi: 30\nsavefig.transparent: True\nfigure.facecolor: green\n"


def drawn(path: Path, metrics: Metrics = COUNTS) -> bytes:
    draw_confusion(metrics, path)
    return path.read_bytes()


def test_the_same_counts_give_the_same_bytes(tmp_path: Path) -> None:
    once = drawn(tmp_path / "a.png")
    assert once.startswith(b"\x89PNG\r\n\x1a\n")
    assert drawn(tmp_path / "b.png") == once
    with mpl.rc_context({"font.size": 30, "savefig.dpi": 30}):
        assert drawn(tmp_path / "c.png") == once


def test_a_picture_holds_nothing_timed(tmp_path: Path) -> None:
    content = drawn(tmp_path / "a.png")
    for chunk in (b"tIME", b"tEXt", b"iTXt", b"zTXt"):
        assert chunk not in content


@pytest.mark.parametrize("other", [Metrics("z", 12, 3400, 5, 67), Metrics("inverter_trip.cnn", 13, 3400, 5, 67)])
def test_other_counts_or_another_name_are_another_picture(tmp_path: Path, other: Metrics) -> None:
    assert drawn(tmp_path / "a.png") != drawn(tmp_path / "b.png", other)


@pytest.mark.parametrize("counts", [(0, 0, 0, 0), (10**12, 0, 0, 7)])
@pytest.mark.parametrize("name", ["a", "a__b", "-.-", "w" * 100])
def test_any_counts_and_names_can_be_drawn(tmp_path: Path, name: str, counts: tuple[int, int, int, int]) -> None:
    assert drawn(tmp_path / "a.png", Metrics(name, *counts))


def test_a_matplotlibrc_in_the_users_folder_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "matplotlibrc").write_text(RC)
    subprocess.run(
        [sys.executable, "-c", DRAW, "a.png"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "MPLBACKEND": "svg"},
        check=True,
    )
    assert (tmp_path / "a.png").read_bytes() == drawn(tmp_path / "b.png")
