"""``python -m pytest_f07.results.drawing``: draw figures.

The process imports matplotlib, and waits. A line on standard input tells a number of bytes, and so many follow: pickled
:class:`Drawings`. It ends when they are written, and at once when its standard input closes.
"""

from __future__ import annotations

import os
import pickle
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_f07.results.figures import ComparisonPoint, ModelPicture


@dataclass(frozen=True)
class ModelDrawing:
    """The figures of one model, and where they go."""

    picture: ModelPicture
    confusion_png: Path
    scores_png: Path


@dataclass(frozen=True)
class Drawings:
    """What one process draws.

    :param comparison: of all models, and ``comparison_png`` where it goes; None where another process draws it.
    """

    models: Sequence[ModelDrawing]
    comparison: Sequence[ComparisonPoint] | None = None
    comparison_png: Path = Path()

    def write(self) -> None:
        """Draw and write all of them."""
        from pytest_f07.results import figures

        with figures.scores_figure() as scores_figure:
            for model in self.models:
                model.confusion_png.write_bytes(figures.draw_confusion(model.picture))
                model.scores_png.write_bytes(scores_figure.draw(model.picture))
        if self.comparison is not None:
            self.comparison_png.write_bytes(figures.draw_comparison(self.comparison))


def main() -> None:
    """Draw and write the figures that standard input describes."""
    question: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_read, args=(question,), daemon=True).start()
    # The server's start and the replay go first on a busy machine.
    os.nice(10)
    from pytest_f07.results.canvas import load_matplotlib

    load_matplotlib()
    drawings: Drawings = pickle.loads(question.get())
    drawings.write()


def _read(question: SimpleQueue[bytes]) -> None:
    """Read the question; end the process when its standard input closes."""
    header, rest = b"", b""
    while piece := os.read(0, 65_536):
        rest += piece
        if not header:
            header, _, rest = rest.partition(b"\n")
        if len(rest) == int(header):
            question.put(rest)
    os._exit(1)


if __name__ == "__main__":
    # Not this module's own names, which a pickle would look for in another one.
    from pytest_f07.results import drawing

    drawing.main()
