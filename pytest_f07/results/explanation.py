"""Say where the server's graph, Keras and other kernels differ on one window, layer by layer, and which codes count."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pytest_f07.results.code_changes import order_changes
from pytest_f07.variant.wording import counted

Arrays = Mapping[str, npt.NDArray[Any]]
WAYS = ("by the server's graph", "eagerly", "without oneDNN")
HEADER = ("LAYER", "OUTPUT", "LARGEST DIFFERENCE", "NaN BY GRAPH", "NaN EAGERLY", "NaN WITHOUT oneDNN")
SHOWN_CODES = 20


@dataclass(frozen=True)
class LayerOutputs:
    """The output of one layer, computed in three ways.

    :param name: with its class, ``dense (Dense)``.
    :param outputs: by the server's graph, by Keras eagerly, and by the graph without oneDNN.
    """

    name: str
    outputs: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]

    @property
    def missing(self) -> tuple[int, ...]:
        """Return how many numbers are NaN or infinite, in each way."""
        return tuple(int(np.count_nonzero(~np.isfinite(output))) for output in self.outputs)

    @property
    def largest_difference(self) -> float:
        """Return the largest difference between any two ways, of numbers that both have; 0.0 where there is none."""
        graph, eager, plain = (np.where(np.isfinite(output), output, np.nan) for output in self.outputs)
        differences = np.abs(np.stack([graph - eager, graph - plain, eager - plain]))
        return float(np.max(differences, where=~np.isnan(differences), initial=0.0))

    def parts(self, tolerance: float) -> bool:
        """Return whether the ways differ: by more than the tolerance, or where one of them has no number."""
        masks = [np.isfinite(output) for output in self.outputs]
        return self.largest_difference > tolerance or not all((masks[0] == mask).all() for mask in masks)


@dataclass(frozen=True)
class Explanation:
    """What one model makes of one window.

    :param codes: of the window, as the dataset has them; ``vocabulary`` what the model knows of them.
    :param inputs: the window as the model sees it.
    :param without: by distinct code of the window, the score of the window without it.
    :param tolerance: how far two scores may be apart.
    """

    codes: Sequence[int]
    vocabulary: frozenset[int]
    inputs: npt.NDArray[Any]
    layers: tuple[LayerOutputs, ...]
    without: Mapping[int, float]
    tolerance: float

    @classmethod
    def of(
        cls,
        codes: Sequence[int],
        vocabulary: Sequence[int],
        with_onednn: Arrays,
        without_onednn: Arrays,
        tolerance: float,
    ) -> Explanation:
        """Return the explanation that two processes give.

        :param with_onednn: the arrays of ``oracle.explain``; ``without_onednn`` those of one without oneDNN.
        """
        layers = []
        for number, name in enumerate(with_onednn["layers"].tolist()):
            keys = (with_onednn[f"graph_{number}"], with_onednn[f"eager_{number}"], without_onednn[f"graph_{number}"])
            graph, eager, plain = (np.asarray(key, np.float64) for key in keys)
            layers.append(LayerOutputs(str(name), (graph, eager, plain)))
        without = dict(zip(with_onednn["codes"].tolist(), with_onednn["without"].tolist(), strict=True))
        return cls(codes, frozenset(vocabulary), with_onednn["input"], tuple(layers), without, tolerance)

    @property
    def scores(self) -> tuple[float, ...]:
        """Return the score in each way."""
        return tuple(float(output.ravel()[0]) for output in self.layers[-1].outputs)

    def lines(self) -> Iterator[str]:
        """Yield what a reader is to see."""
        unknown = sum(code not in self.vocabulary for code in self.codes)
        texts = [str(code) if code in self.vocabulary else f"({code})" for code in self.codes]
        known = f", {unknown:,} of them unknown, in brackets" if unknown else ""
        yield f"window: {counted(len(self.codes), 'code')}{known}: {' '.join(texts) or '–'}"
        yield f"input: {' '.join(f'{value:g}' for value in self.inputs.tolist())}"
        yield from _table(HEADER, [*self._rows()])
        scores = ", ".join(f"{score:.9g} {way}" for score, way in zip(self.scores, WAYS, strict=True))
        yield f"score: {scores}"
        yield self.sentence
        yield from self._code_lines()

    def _rows(self) -> Iterator[tuple[str, ...]]:
        for layer in self.layers:
            shape = "×".join(map(str, layer.outputs[0].shape))
            missing = (f"{count:,}" if count else "–" for count in layer.missing)
            yield (layer.name, shape, f"{layer.largest_difference:.2g}", *missing)

    @property
    def sentence(self) -> str:
        """Return where the ways differ first, and which tolerance would pass."""
        first = next((layer for layer in self.layers if layer.parts(self.tolerance)), None)
        last = self.layers[-1]
        if first is None and any(last.missing):
            origin = next(layer for layer in self.layers if any(layer.missing))
            return f"No way gives a number as the score; the first value that is none comes out of {origin.name}."
        if first is None:
            return f"They agree within {self.tolerance:g} in every layer."
        text = f"They differ first at {first.name}"
        if len(set(first.missing)) > 1:
            numbers = ", ".join(f"{count:,} {way}" for count, way in zip(first.missing, WAYS, strict=True))
            text += f", in what is not a number: {numbers}"
        else:
            text += f", by {first.largest_difference:.2g}"
        if len(set(last.missing)) > 1:
            return f"{text}. Only some of them give a number as the score, so no tolerance passes."
        if any(last.missing):
            return f"{text}. The score is not a number."
        difference = last.largest_difference
        return f"{text}. The scores differ by {difference:.2g}: {_passing(difference)} would pass."

    def _code_lines(self) -> Iterator[str]:
        score = self.scores[0]
        if not self.without or not math.isfinite(score):
            return
        ordered = order_changes(score, self.without)
        yield "The score without each code, however often it occurs (by the server's graph; codes also act together):"
        rows = [(str(code), *_change_texts(self.without[code], change)) for code, change in ordered[:SHOWN_CODES]]
        yield from _table(("CODE", "SCORE", "CHANGE"), rows)


def _change_texts(score: float, change: float) -> tuple[str, str]:
    return (f"{score:.6f}", f"{change:+.6f}") if math.isfinite(score) else ("none", "–")


def _passing(difference: float) -> str:
    """Return the next round tolerance above a difference."""
    if not difference:
        return "any tolerance"
    power = 10.0 ** math.floor(math.log10(difference))
    return f"a tolerance of {math.ceil(difference / power + 1e-9) * power:.0e}"


def _table(header: Sequence[str], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    table = [tuple(header), *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for first, *rest in table:
        cells = (cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))
        yield f"  {first.ljust(widths[0])}  {'  '.join(cells)}".rstrip()
