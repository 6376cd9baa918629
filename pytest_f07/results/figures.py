"""The pictures under ``report/figures/``: they hold nothing timed, and the same counts give the same bytes."""

from __future__ import annotations

import warnings
from pathlib import Path

from pytest_f07.results.metrics import Metrics

with warnings.catch_warnings():
    # matplotlib 3.8 with pyparsing 3.3 warns at import; a host may have made warnings errors.
    warnings.simplefilter("ignore")
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure


def draw_confusion(metrics: Metrics, path: Path) -> None:
    """The confusion matrix with counts and the share of each row.

    No pyplot and matplotlib's own defaults: a ``matplotlibrc`` in the user's folder changes nothing.
    """
    counts = [[metrics.tn, metrics.fp], [metrics.fn, metrics.tp]]
    with mpl.rc_context(mpl.rcParamsDefault):
        figure = Figure(figsize=(4.6, 4.2), dpi=120, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        shares = [[count / sum(row) if sum(row) else 0.0 for count in row] for row in counts]
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for y, row in enumerate(counts):
            for x, count in enumerate(row):
                axes.text(
                    x, y, f"{count:,}\n{shares[y][x]:.1%}", ha="center", va="center", fontsize=13,
                    color="white" if shares[y][x] > 0.5 else "black",
                )  # fmt: skip
        axes.set_xticks([0, 1], ["0", "1"])
        axes.set_yticks([0, 1], ["0", "1"])
        axes.set_xlabel("predicted")
        axes.set_ylabel("label")
        axes.set_title(metrics.prediction_name, fontsize=9, wrap=True)
        figure.savefig(path, format="png", metadata={"Software": None})
