from __future__ import annotations

import io

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from pytest_f07.results.canvas import add_title, new_figure, to_png


def draw(name: str) -> bytes:
    """Draw a figure with only a title."""
    with new_figure(4, 3) as figure:
        add_title(figure, name, 0.1)
        return to_png(figure)


def test_a_figure_has_its_size_in_pixels_and_few_colours() -> None:
    image = Image.open(io.BytesIO(draw("a")))
    assert (image.size, image.mode) == ((480, 360), "P")


@pytest.mark.parametrize("name", ["w" * 30, "W" * 100])
def test_a_long_title_is_not_cut_off(name: str) -> None:
    pixels = np.asarray(Image.open(io.BytesIO(draw(name))).convert("L"))
    assert pixels[:, [0, -1]].min() == 255
    assert pixels.min() < 100


def test_the_hosts_settings_change_nothing_and_stay_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = draw("a")
    monkeypatch.setitem(mpl.rcParams, "font.size", 30)
    monkeypatch.setitem(mpl.rcParams, "figure.facecolor", "red")
    settings = dict(mpl.rcParams)
    assert draw("a") == picture
    assert dict(mpl.rcParams) == settings
