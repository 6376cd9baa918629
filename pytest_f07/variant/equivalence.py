"""Read ``equivalence`` of params.yaml: which predictions are compared with the oracle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_f07.errors import F07Error

MODES = ("full", "sample", "off")
# Distinct windows × models.
BUDGETS = {"full": 2_000_000, "sample": 16_384, "off": 2_000_000}
KEYS = ("mode", "budget", "tolerance")
WHAT = "it must be full, sample or off, or a mapping of mode, budget and tolerance"


@dataclass(frozen=True)
class EquivalenceParams:
    """Which predictions are compared with the oracle.

    :param mode: every distinct window within the budget (``full``), a part of them (``sample``), or none (``off``).
    :param budget: about how many distinct windows × models are remembered and asked about.
    :param tolerance: how far two scores of one window may be apart; None: what the precision of the model leaves open.
    """

    mode: str = "full"
    budget: int = BUDGETS["full"]
    tolerance: float | None = None

    @classmethod
    def parse(cls, value: object, where: str) -> EquivalenceParams:
        """Return the parameters that ``value`` holds.

        :param where: the first words of each error message.
        :raises F07Error: where it is none of the forms.
        """
        if not isinstance(value, Mapping):
            mode = _parse_mode("equivalence", value, where)
            return cls(mode, BUDGETS[mode])
        for key in value:
            if key not in KEYS:
                raise F07Error(f"{where}: unknown key {f'equivalence.{key}'!r}; valid keys are {', '.join(KEYS)}.")
        mode = _parse_mode("equivalence.mode", value.get("mode", cls.mode), where)
        budget = value.get("budget", BUDGETS[mode])
        if isinstance(budget, bool) or not isinstance(budget, int) or not 1 <= budget <= 10**9:
            raise F07Error(
                f"{where}: equivalence.budget is {budget!r}; it must be a whole number from 1 to 1,000,000,000."
            )
        tolerance = value.get("tolerance")
        if tolerance is None:
            return cls(mode, budget)
        if isinstance(tolerance, bool) or not isinstance(tolerance, int | float) or not 0 < tolerance < 1:
            raise F07Error(f"{where}: equivalence.tolerance is {tolerance!r}; it must be a number between 0 and 1.")
        return cls(mode, budget, float(tolerance))

    def document(self) -> str | dict[str, Any]:
        """Return the value that params.yaml holds: the mode alone where the rest is the default."""
        more: dict[str, Any] = {}
        if self.budget != BUDGETS[self.mode]:
            more["budget"] = self.budget
        if self.tolerance is not None:
            more["tolerance"] = self.tolerance
        return {"mode": self.mode, **more} if more else self.mode

    def most_windows(self, models: int) -> int:
        """Return how many distinct windows the budget has room for."""
        return max(1, self.budget // max(1, models))


FULL = EquivalenceParams()


def _parse_mode(key: str, value: object, where: str) -> str:
    if value is False:  # YAML reads a bare off as one
        return "off"
    if not isinstance(value, str) or value not in MODES:
        what = WHAT if key == "equivalence" else "it must be full, sample or off"
        raise F07Error(f"{where}: {key} is {value!r}; {what}.")
    return value
