"""Say which codes make the most wrong predictions: how the oracle's score changes when a code is left out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pytest_f07.results.audit import ModelAudit
from pytest_f07.results.scores import SHOWN_ROWS, CodeChange, SmallestRows
from pytest_f07.variant.package import Model
from pytest_f07.windows import Float32Array

SHOWN_CODES = 5
MAX_WINDOWS = 16_384
MAX_CODES = 524_288

Window = tuple[int, ...]
AskOracle = Callable[[Mapping[str, Sequence[Window]]], Mapping[str, Float32Array]]  # by prediction_name


@dataclass(frozen=True)
class _Question:
    """One row of one model.

    :param name: the model's prediction_name; ``key`` the row's among the most wrong.
    :param without: by known code of the window, the window without it.
    """

    name: str
    rows: SmallestRows
    key: tuple[bytes, int]
    window: Window
    without: Mapping[int, Window]

    def answer(self, scores: Mapping[Window, float]) -> None:
        """Add to the row the codes that change its score most."""
        score = scores[self.window]
        if math.isfinite(score):
            without = {code: scores[window] for code, window in self.without.items()}
            distance, example = self.rows.entries[self.key]
            codes = tuple(order_changes(score, without)[:SHOWN_CODES])
            self.rows.entries[self.key] = distance, replace(example, codes=codes)


def add_code_changes(
    models: Sequence[Model], audits: Mapping[str, ModelAudit], ask: AskOracle, most_windows: int
) -> None:
    """Add to the most wrong rows of each model the codes that change their scores most.

    All windows are asked about at once, each of its model alone. Rows for which the budget has no room stay without.

    :param ask: returns the oracle's scores of windows.
    :param most_windows: how many windows the oracle may be asked about.
    """
    windows: dict[str, dict[Window, None]] = {}
    questions, asked, codes = [], 0, 0
    for question in _questions(models, audits):
        own = windows.get(question.name, {})
        new = {window for window in (question.window, *question.without.values()) if window not in own}
        new_codes = sum(map(len, new))
        if asked + len(new) <= min(most_windows, MAX_WINDOWS) and codes + new_codes <= MAX_CODES:
            windows[question.name] = own | dict.fromkeys(new)
            asked += len(new)
            codes += new_codes
            questions.append(question)
    if questions:
        answers = ask({name: list(own) for name, own in windows.items()})
        scores = {name: dict(zip(own, answers[name].tolist(), strict=True)) for name, own in windows.items()}
        for question in questions:
            question.answer(scores[question.name])


def _questions(models: Sequence[Model], audits: Mapping[str, ModelAudit]) -> Iterator[_Question]:
    """Yield the most wrong row of each model, then the second of each, and so on."""
    for rank in range(2 * SHOWN_ROWS):  # false positives and false negatives
        for model in models:
            rows = audits[model.prediction_name].scores.most_wrong
            if rank < len(rows.entries):
                key = list(rows.entries)[rank]
                # A code that the model does not know changes nothing.
                window = tuple(np.frombuffer(key[0], np.int64).tolist())
                known = set(window).intersection(model.vectorization.vocabulary)
                if len(known) * len(window) <= MAX_CODES:
                    without = {left_out: tuple(code for code in window if code != left_out) for left_out in known}
                    yield _Question(model.prediction_name, rows, key, window, without)


def order_changes(score: float, without: Mapping[int, float]) -> list[CodeChange]:
    """Return each code with how much the score changes without it.

    :param without: by code, the score of the window without it.
    :returns: the codes that change it most first, of equals the smaller; last those without which there is no score.
    """
    changes = [(code, value - score) for code, value in without.items()]
    return sorted(changes, key=lambda change: (math.isnan(change[1]), -abs(change[1]), change[0]))
