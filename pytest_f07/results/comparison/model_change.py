"""Hold the changes of one model since an earlier run, and tell them in sentences."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pytest_f07.results.comparison.changes import MetricChange
from pytest_f07.results.comparison.flips import Flips
from pytest_f07.results.comparison.pairs import Pairs
from pytest_f07.variant.wording import counted

STILL_FAILING = "still failing"


@dataclass(frozen=True)
class Change:
    """The value of one metric then and now.

    :param name: the metric's key.
    :param then: None where it is undefined; ``now`` too.
    """

    name: str
    then: float | int | None
    now: float | int | None

    @property
    def difference(self) -> float | int | None:
        """Return how much the value grew; None where it is undefined then or now."""
        return None if self.then is None or self.now is None else self.now - self.then


@dataclass
class ModelChange:
    """The changes of one model.

    :param metrics: ratios, as precision.
    :param counts: counts, as those of the confusion matrix.
    :param flips: of the predictions in all datasets.
    :param pairs: of the labelled rows of its own dataset; None where no such row is common.
    :param changes: the test of each metric on those rows; empty likewise.
    :param about: what changed about the model, each as a part of a sentence; ``outcomes`` about its failures.
    """

    prediction_name: str
    metrics: list[Change]
    counts: list[Change]
    flips: Flips = field(default_factory=Flips)
    pairs: Pairs | None = None
    changes: list[MetricChange] = field(default_factory=list)
    about: list[str] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)

    @property
    def sentences(self) -> list[str]:
        """Return what changed, a sentence for each thing."""
        model = self.about or ["model file, threshold, vocabulary, Keras and dataset are the same"]
        about = [f"{text[0].upper()}{text[1:]}." for text in (*model, *self.outcomes)]
        if self.pairs is None:
            return [*about, "Not comparable: no labelled row of its own dataset is common."]
        rows = (
            f"{counted(self.pairs.rows, 'common row')}: {self.pairs.fixed:,} fixed, {self.pairs.newly_wrong:,} newly "
            f"wrong, {self.pairs.still_wrong:,} still wrong."
        )
        return [*about, rows, *(f"{change.sentence[0].upper()}{change.sentence[1:]}" for change in self.changes)]

    def document(self) -> dict[str, Any]:
        """Return the changes as comparison.json holds them."""
        pairs = self.pairs
        kinds = ("fixed", "newly_wrong", "still_wrong", "rows")
        return {
            "about": self.about,
            "outcomes": self.outcomes,
            "comparable": pairs is not None,
            "pairs": {kind: getattr(pairs, kind) for kind in kinds} if pairs else None,
            "block_rows": pairs.size if pairs else None,
            "changes": {change.key: change.document() for change in self.changes},
            "flips": {"compared": self.flips.compared, "to_1": self.flips.to_1, "to_0": self.flips.to_0},
            "examples": {
                kind: [{**flip.document(), "label": label} for flip, label in examples]
                for kind, examples in (pairs.examples if pairs else {}).items()
            },
            "sentences": self.sentences,
        }
