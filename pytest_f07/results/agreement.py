"""Compare F05's precision with the runtime's where both hold: at the runtime's base rate."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_f07.results import formulas
from pytest_f07.results.f05 import F05
from pytest_f07.results.formulas import Confusion
from pytest_f07.results.statistics.base_rate import precision_at, precision_interval_at
from pytest_f07.variant.wording import counted

# An interval whose ends are odds of more than 4 to 1 apart, as 0.10 and 0.31, leaves open what the precision is.
WIDE_ODDS = 4.0
NOTICED = 0.05  # a difference of precision that a reader stumbles over
Interval = tuple[float, float]


@dataclass(frozen=True)
class Agreement:
    """F05's precision, what its test gives at the base rate found here, and the precision found here.

    :param claimed: the precision of F05's test split; None where it predicted 1 nowhere.
    :param expected: what recall and false positive rate of the split give at this base rate; None likewise.
    :param interval: of ``expected``, 95 %.
    :param measured: the precision here; None where nothing was predicted 1.
    :param measured_interval: of ``measured``, 95 %.
    :param split: the counts of F05's test split.
    :param base_rate: the share of the labelled rows here that are labelled 1.
    :param trained_share: the share of the labelled rows here that F05 trained on, as far as the package says.
    """

    claimed: float | None
    expected: float | None
    interval: Interval
    measured: float | None
    measured_interval: Interval
    split: Confusion
    base_rate: float
    trained_share: float = 0.0

    @property
    def is_too_small(self) -> bool:
        """Return whether F05's split leaves open what the precision is."""
        low, high = self.interval
        return self.expected is None or high * (1 - low) > WIDE_ODDS * low * (1 - high)

    @property
    def outcome(self) -> str:
        """Return "agree", "disagree" or "open": whether the two precisions can be one and the same."""
        if self.expected is None or self.measured is None:
            return "open"
        if self.interval[0] > self.measured_interval[1] or self.measured_interval[0] > self.interval[1]:
            return "disagree"
        return "open" if self.is_too_small else "agree"

    @property
    def sentence(self) -> str:
        """Return what the comparison says, for a reader who sees two precisions that are far apart."""
        if self.claimed is None or self.expected is None:
            windows = counted(_rows(self.split), "window")
            nothing = "so its test says nothing of the precision here"
            return f"F05 predicted 1 nowhere on its test split of {windows}, {nothing}."
        carried = (
            f"F05's test gave {self.claimed:.3f}; with {self.base_rate:.1%} of the windows labelled 1, as here, it "
            f"would give {self.expected:.3f} ({_text(self.interval)})."
        )
        if self.measured is None:
            return f"Nothing was predicted 1 here, so precision is undefined. {carried}"
        small = (
            f"F05's test of {counted(_rows(self.split), 'window')}, {self.split.tp + self.split.fn:,} labelled 1 and "
            f"{self.split.tp + self.split.fp:,} predicted 1, is"
        )
        conclusions = {
            "agree": ["The two agree."],
            "disagree": ["The two disagree, and the share labelled 1 does not explain it."],
            "open": [f"{small} too small to tell whether the two agree."],
        }[self.outcome]
        if self.outcome == "agree" and abs(self.claimed - self.expected) > NOTICED:
            conclusions = ["The two agree: only the share labelled 1 makes the difference."]
        if self.outcome == "disagree" and self.trained_share and self.measured > self.expected:
            conclusions.append(
                f"The model was trained on {self.trained_share:.1%} of these rows, and may remember them."
            )
        if self.outcome == "disagree" and self.is_too_small:
            conclusions.append(f"{small} small.")
        measured = f"Precision is {self.measured:.3f} here ({_text(self.measured_interval)})."
        return " ".join([measured, carried, *conclusions])

    def document(self) -> dict[str, object]:
        """Return the comparison as the metadata holds it."""
        return {
            "precision": self.claimed,
            "precision_at_this_base_rate": self.expected,
            "interval": list(self.interval),
            "outcome": self.outcome,
            "sentence": self.sentence,
        }


def compare_with_f05(f05: F05, counts: Confusion) -> Agreement | None:
    """Return the comparison; None where F05 left no confusion matrix, or all or no rows here are labelled 1.

    :param counts: of the labelled rows of the model's own dataset.
    """
    rate, split = formulas.base_rate(counts), f05.confusion
    if split is None or not 0 < rate < 1:
        return None
    predicted, predicted_here = split.tp + split.fp, counts.tp + counts.fp
    return Agreement(
        claimed=formulas.precision(split) if predicted else None,
        expected=precision_at(split, rate),
        interval=precision_interval_at(split, rate),
        measured=formulas.precision(counts) if predicted_here else None,
        measured_interval=formulas.precision_interval(counts),
        split=split,
        base_rate=rate,
        trained_share=_trained_share(f05, _rows(counts)),
    )


def describe_training(f05: F05, rows: int) -> str:
    """Return what part of the rows here F05 trained on, where the package says how many they were; else nothing.

    :param rows: labelled rows of the model's own dataset.
    """
    share = _trained_share(f05, rows)
    if not share:
        return ""
    return (
        f"F05 trained it on {counted(f05.split['train'], 'window')}, {share:.1%} of the labelled rows here (which "
        "ones, the package does not say): of those, the metrics here say how well it remembers."
    )


def _trained_share(f05: F05, rows: int) -> float:
    """Return the share of so many rows that F05 trained on; 0.0 where the package does not say."""
    train = f05.split.get("train", 0)
    return train / rows if 0 < train <= rows else 0.0


def _rows(counts: Confusion) -> int:
    return counts.tp + counts.tn + counts.fp + counts.fn


def _text(interval: Interval) -> str:
    return f"{interval[0]:.3f} to {interval[1]:.3f}"
