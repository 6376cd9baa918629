"""Set up matplotlib alike for every figure: one style, none of the host's settings, the same bytes each time.

The style: Okabe and Ito's colours, which colour-blind readers tell apart.
"""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.text import Text


@contextmanager
def agg_backend() -> Iterator[None]:
    """Let MPLBACKEND name Agg.

    Jupyter's names a module that this environment need not have, and matplotlib refuses it at import.
    """
    backend = os.environ.get("MPLBACKEND")
    os.environ["MPLBACKEND"] = "agg"
    try:
        yield
    finally:
        del os.environ["MPLBACKEND"]
        if backend is not None:
            os.environ["MPLBACKEND"] = backend


@cache
def load_matplotlib() -> ModuleType:
    """Import matplotlib and return it: half a second that a run spends while its server starts, and a refusal never."""
    with warnings.catch_warnings(), agg_backend():
        # matplotlib 3.8 with pyparsing 3.3 warns at import; a host may have made warnings errors.
        warnings.simplefilter("ignore")
        import matplotlib as mpl
        import matplotlib.backends.backend_agg
        import matplotlib.figure
    return mpl


BLUE, ORANGE, GREEN, GREY, INK = "#0072B2", "#D55E00", "#009E73", "#8a8f98", "#1f2328"
TITLE_SIZE = 9.5
STYLE: dict[Any, Any] = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "grid.color": "#e4e6ea",
    "grid.linewidth": 0.8,
    "axes.axisbelow": True,
}


@contextmanager
def new_figure(width: float, height: float) -> Iterator[Figure]:
    """Yield a figure of so many inches; its drawing ends with the context.

    It uses matplotlib's own defaults and no pyplot: a ``matplotlibrc`` in the user's folder changes nothing.
    """
    mpl = load_matplotlib()
    # rc_context never restores the backend, which no picture here depends on.
    defaults: dict[Any, Any] = {key: value for key, value in mpl.rcParamsDefault.items() if key != "backend"}
    with mpl.rc_context({**defaults, **STYLE}), warnings.catch_warnings():
        # The font draws a box for a letter that it lacks, and warns; a host may have made warnings errors.
        warnings.filterwarnings("ignore", message="Glyph .* missing", category=UserWarning)
        figure = mpl.figure.Figure(figsize=(width, height), dpi=120)
        mpl.backends.backend_agg.FigureCanvasAgg(figure)
        yield figure


def add_title(figure: Figure, name: str, left: float) -> Text:
    """Write a name of any length on one line above the axes, and return it.

    :param left: where it begins, as a share of the width.
    """
    title = figure.text(left, 0.965, "", fontweight="bold", va="top")
    set_title(title, name)
    return title


def set_title(title: Text, name: str) -> None:
    """Write another name in place of a title."""
    figure: Any = title.figure
    title.set_text(name)
    title.set_fontsize(TITLE_SIZE)
    shrink_texts([title], figure, (0.98 - title.get_position()[0]) * figure.bbox.width)


def shrink_texts(texts: Sequence[Text], figure: Figure, width: float) -> None:
    """Shrink the letters, step by step as they do not shrink evenly, until no text is wider than ``width`` pixels."""
    canvas: Any = figure.canvas
    while max(text.get_window_extent(canvas.get_renderer()).width for text in texts) > width:
        for text in texts:
            text.set_fontsize(0.93 * float(text.get_fontsize()))


def to_png(figure: Figure) -> bytes:
    """Return the figure as PNG with a palette of 128 colours: a third of the bytes, and no visible difference."""
    from PIL import Image

    canvas: Any = figure.canvas
    canvas.draw()
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())[:, :, :3].copy())
    file = io.BytesIO()
    image.quantize(128, dither=Image.Dither.NONE).save(file, "png", compress_level=6, dpi=(figure.dpi, figure.dpi))
    return file.getvalue()
