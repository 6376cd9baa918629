"""Plant a part of the faults of ``make faults`` (tests/proofs/faults.py): each turns a run red by its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.proofs import faults

# One for each thing that notices: the oracle, a digest of the rows, the process, the audit, the seal.
PART = [
    "padding_right",
    "scores_nan",
    "number_for_nan_elsewhere",
    "repeats_drift",
    "file_of_another_model",
    "answer_permuted",
    "started_again",
    "a row of the log lost",
    f"a byte of {faults.PACKAGE[0]}",
]


@pytest.mark.parametrize("name", PART)
def test_a_planted_fault_is_caught_by_its_name(name: str, tmp_path: Path) -> None:
    fault = faults.BY_NAME[name]
    output = faults.plant(tmp_path / "project", fault)
    assert faults.caught_by(fault, output), output
