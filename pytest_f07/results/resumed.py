"""Say how much of an earlier run a resumed run took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pytest_f07.variant.wording import counted


@dataclass(frozen=True)
class Resumed:
    """What a resumed run took of the run that died.

    :param parts: of the whole log; ``taken`` of them are the earlier run's.
    :param refused: the name of each part that was there and was replayed, and why.
    """

    parts: int
    taken: int
    refused: tuple[tuple[str, str], ...] = ()

    @property
    def sentences(self) -> list[str]:
        """Return how much was taken, and why not the rest of what was there."""
        if not self.taken and not self.refused:
            return ["resumed: an earlier run has left no finished part; all was replayed"]
        text = f"resumed: {self.taken:,} of {counted(self.parts, 'part')} taken from the run before"
        return [text, *(f"resumed: {sentence}" for sentence in self._refusals())]

    def _refusals(self) -> list[str]:
        """Return a sentence for each reason: what is another than before is so for all parts."""
        names: dict[str, list[str]] = {}
        for name, reason in self.refused:
            names.setdefault(reason, []).append(name)
        sentences = []
        for reason, (first, *more) in names.items():
            are = f"and {counted(len(more), 'more part')} of the earlier run are" if more else "of the earlier run is"
            sentences.append(f"{first} {are} replayed: {reason}")
        return sentences

    def document(self) -> dict[str, Any]:
        """Return what the metadata say."""
        return {"parts": self.parts, "taken": self.taken, "refused": self._refusals()}
