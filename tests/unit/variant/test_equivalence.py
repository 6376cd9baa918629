"""What params.yaml says of equivalence: a mode, or a mapping."""

from __future__ import annotations

import pytest

from pytest_f07.errors import F07Error
from pytest_f07.variant.equivalence import MODES, WHAT, EquivalenceParams

READ = [
    ("full", EquivalenceParams("full", 2_000_000)),
    ("sample", EquivalenceParams("sample", 16_384)),
    (False, EquivalenceParams("off")),  # YAML's bare off
    ({}, EquivalenceParams()),
    ({"mode": "sample"}, EquivalenceParams("sample", 16_384)),
    ({"mode": False}, EquivalenceParams("off")),
    ({"budget": 10_000_000}, EquivalenceParams("full", 10_000_000)),
    ({"tolerance": 1e-4}, EquivalenceParams(tolerance=1e-4)),
]


@pytest.mark.parametrize(("value", "params"), READ)
def test_a_mode_or_a_mapping_is_read_and_written_as_short_as_it_can_be(
    value: object, params: EquivalenceParams
) -> None:
    assert EquivalenceParams.parse(value, "p") == params
    assert EquivalenceParams.parse(params.document(), "p") == params
    assert isinstance(EquivalenceParams.parse(mode_of(params), "p").document(), str)


def mode_of(params: EquivalenceParams) -> str:
    assert params.mode in MODES
    return params.mode


REFUSED = [
    ("always", f"equivalence is 'always'; {WHAT}."),
    (True, f"equivalence is True; {WHAT}."),
    (None, f"equivalence is None; {WHAT}."),
    (["full"], f"equivalence is ['full']; {WHAT}."),
    ({"mode": "some"}, "equivalence.mode is 'some'; it must be full, sample or off."),
    ({"rows": 1}, "unknown key 'equivalence.rows'; valid keys are mode, budget, tolerance."),
    ({"budget": 0}, "equivalence.budget is 0; it must be a whole number from 1 to 1,000,000,000."),
    ({"budget": True}, "equivalence.budget is True; it must be a whole number from 1 to 1,000,000,000."),
    ({"tolerance": float("nan")}, "equivalence.tolerance is nan; it must be a number between 0 and 1."),
    ({"tolerance": "1e-5"}, "equivalence.tolerance is '1e-5'; it must be a number between 0 and 1."),
]


@pytest.mark.parametrize(("value", "message"), REFUSED)
def test_what_is_none_of_them_is_refused_with_what_is_valid(value: object, message: str) -> None:
    with pytest.raises(F07Error) as caught:
        EquivalenceParams.parse(value, "p")
    assert str(caught.value) == f"p: {message}"


@pytest.mark.parametrize(("budget", "models", "windows"), [(100, 3, 33), (2, 3, 1), (100, 1, 100)])
def test_the_budget_is_shared_by_the_models(budget: int, models: int, windows: int) -> None:
    assert EquivalenceParams("full", budget).most_windows(models) == windows
