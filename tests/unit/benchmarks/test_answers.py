from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import answers
from benchmarks.whole import Whole
from pytest_f07.variant.paths import Project


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let three imports and three runs take known seconds."""
    imports: Iterator[float] = iter([2.0, 5.0, 2.0])
    runs = iter(
        [Whole(9, seconds, {"infer": seconds, "metrics": 1.0, "replay": 7.0}, {}) for seconds in (9.0, 8.0, 6.0)]
    )
    monkeypatch.setattr(answers, "import_tensorflow", lambda: next(imports))
    monkeypatch.setattr(answers, "run", lambda _: next(runs))


@pytest.mark.usefixtures("clock")
def test_the_answer_is_the_median_of_runs_less_the_import_just_before(tmp_path: Path) -> None:
    # 7, 3 and 4 seconds over it: not the median run, nor the median import
    answer = answers.measure_answers({"demo": Project(tmp_path)})["demo"]
    assert (answer.whole.seconds, answer.bare, answer.over) == (6.0, 2.0, 4.0)


@pytest.mark.usefixtures("clock")
def test_stages_are_medians_and_only_those_asked_for(tmp_path: Path) -> None:
    assert answers.measure_stages({4: Project(tmp_path)}, ("infer", "metrics")) == {4: {"infer": 8.0, "metrics": 1.0}}
