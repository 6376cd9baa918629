"""Tell which windows have scores that are not numbers: those without any code, of unknown codes alone, or others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pytest_f07.results.scores import short_window_text
from pytest_f07.variant.wording import counted
from pytest_f07.windows import Int64Array, windows_of

EMPTY, UNKNOWN, KNOWN = "without a code", "of unknown codes alone", "with codes that it knows"


@dataclass(frozen=True)
class WindowKind:
    """The windows of one kind whose scores are not numbers.

    :param row: the first of them; ``example`` tells its dataset, row and codes.
    """

    windows: int
    row: int
    example: str


@dataclass
class NonFiniteWindows:
    """The windows of one model whose scores are not numbers, by kind."""

    kinds: dict[str, WindowKind] = field(default_factory=dict)

    def add(self, dataset: str, rows: Int64Array, windows: pa.Array, vocabulary: Int64Array) -> None:
        """Count windows that have no number.

        :param rows: ascending; ``windows`` a list array of the same length.
        :param vocabulary: the codes that the model knows.
        """
        decoded = windows_of(windows)
        known = np.bincount(decoded.rows[np.isin(decoded.codes, vocabulary)], minlength=len(windows))
        lengths = np.diff(decoded.offsets)
        masks: dict[str, npt.NDArray[np.bool_]] = {
            EMPTY: lengths == 0,
            UNKNOWN: (lengths > 0) & (known == 0),
            KNOWN: known > 0,
        }
        for kind, mask in masks.items():
            if mask.any():
                place = int(mask.argmax())
                example = f"{dataset} row {rows[place]:,}: {short_window_text(windows[place].values)}"
                self._add_kind(kind, WindowKind(int(np.count_nonzero(mask)), int(rows[place]), example))

    def merge(self, later: NonFiniteWindows) -> None:
        """Add the windows of later rows."""
        for kind, windows in later.kinds.items():
            self._add_kind(kind, windows)

    def _add_kind(self, kind: str, later: WindowKind) -> None:
        earlier = self.kinds.get(kind)
        self.kinds[kind] = replace(earlier, windows=earlier.windows + later.windows) if earlier else later

    @classmethod
    def of(cls, parts: Iterable[NonFiniteWindows]) -> NonFiniteWindows:
        """Return the windows of several datasets together."""
        total = cls()
        for part in parts:
            total.merge(part)
        return total

    @property
    def without_known_code(self) -> int:
        """Return how many of the windows leave the model nothing to see."""
        return sum(self.kinds[kind].windows for kind in (EMPTY, UNKNOWN) if kind in self.kinds)

    @property
    def with_known_code(self) -> int:
        """Return how many of the windows do not."""
        return self.kinds[KNOWN].windows if KNOWN in self.kinds else 0

    @property
    def first_row(self) -> int:
        """Return the first row of all; of windows of one dataset."""
        return min(kind.row for kind in self.kinds.values())

    @property
    def text(self) -> str:
        """Return how many there are of each kind, each with its first."""
        ordered = [(kind, self.kinds[kind]) for kind in (EMPTY, UNKNOWN, KNOWN) if kind in self.kinds]
        return "; ".join(f"{counted(each.windows, 'window')} {kind}, as {each.example}" for kind, each in ordered)
