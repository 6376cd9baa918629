"""Draw F05's precision, what it is at the base rate here, and the precision here, for each model."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_f07.results.agreement import Agreement
from pytest_f07.results.canvas import BLUE, GREY, ORANGE, new_figure, shrink_texts, to_png


def draw_base_rates(agreements: Mapping[str, Agreement]) -> bytes:
    """Return the picture as PNG.

    :param agreements: by prediction_name, those with a precision at this base rate.
    """
    height = 0.75 + 0.62 * len(agreements)
    with new_figure(9.6, height) as figure:
        axes = figure.add_axes((0.3, 0.45 / height, 0.67, 1 - 0.85 / height))
        for place, agreement in enumerate(agreements.values()):
            assert agreement.claimed is not None
            assert agreement.expected is not None
            axes.plot(agreement.claimed, place - 0.24, "D", color=GREY, label=None if place else "F05 says")
            axes.plot(agreement.interval, [place] * 2, color=ORANGE, linewidth=2)
            axes.plot(
                agreement.expected, place, "s", color=ORANGE, label=None if place else "F05, at the base rate here"
            )
            if agreement.measured is not None:
                axes.plot(agreement.measured_interval, [place + 0.24] * 2, color=BLUE, linewidth=2)
                axes.plot(agreement.measured, place + 0.24, "o", color=BLUE, label=None if place else "here")
        axes.set_xlim(0, 1)
        axes.set_ylim(len(agreements) - 0.5, -0.5)
        axes.set_xlabel("precision, with its 95 % interval")
        axes.set_yticks(range(len(agreements)), list(agreements))
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="x")
        axes.legend(loc="lower right", bbox_to_anchor=(1, 0.99), ncols=3, borderaxespad=0)
        shrink_texts(axes.get_yticklabels(), figure, 0.28 * figure.bbox.width)
        return to_png(figure)
