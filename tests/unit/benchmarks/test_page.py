from __future__ import annotations

from benchmarks import page
from benchmarks.answers import Answer
from benchmarks.tables import COLUMNS
from benchmarks.whole import Whole

STAGES = {"start": 2.5, "replay": 2.0, "infer": 0.1, "metrics": 0.3, "oracle": 1.5, "proof": 0.1}
PEAKS = {"pytest": 350.0, "server": 640.0, "oracle": 660.0}
RUN = Whole(137_220, 10.0, STAGES, PEAKS)
LONGER = Whole(10_000_000, 100.0, {**STAGES, "replay": 20.0}, PEAKS)
RESULTS = page.Results(
    package=None,
    rates={
        "the plain way": {256: 1_000.0, 2048: 4_000.0, 8192: 7_000.0},
        "pytest-f07, Arrow": {256: 250_000.0, 2048: 450_000.0, 8192: 487_498.0},
        "the models alone": {256: 1_000_000.0, 2048: 1_000_000.0, 8192: 1_433_749.0},
    },
    answers={"demo": Answer(RUN, 2.5), "real v601": Answer(RUN, 4.0), "50 models": Answer(RUN, 5.0)},
    costs={"as it is": {"off": RUN, "full": RUN}},
    grown=[RUN, LONGER],
    memory={"demo": PEAKS},
    datasets={4: {"infer": 0.5, "metrics": 0.5}, 32: {"infer": 1.0, "metrics": 0.5}},
)


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_every_ratio_of_the_issue_is_in_a_table_that_a_terminal_holds() -> None:
    lines = page.text(RESULTS).splitlines()
    rows = [cells(line) for line in lines if line.startswith("|")]
    assert ["pytest-f07, Arrow", "0.25 (250 ×)", "0.45 (112 ×)", "0.34 (70 ×)"] in rows
    assert ["demo", "137,220", "10.0", "2.5", "7.5", "4.00"] in rows
    assert ["all else", "3.50 (35%)", "3.50 (35%)", "3.50 (35%)"] in rows
    assert ["32", "1.00", "0.50", "1.50 (1.50 ×)"] in rows
    assert ["demo", "350", "640", "660", "1,650"] in rows
    assert ["10,000,000", "20.0 (10.00 ×)", "0.3 (1.00 ×)", "1.6 (1.00 ×)"] in rows
    assert [line for line in lines if line.startswith("|") and len(line) > COLUMNS] == []
