"""Numbers in sentences: one thing is no plural, and a speed is spelt the same everywhere."""

from __future__ import annotations

import pytest

from pytest_f07.variant.wording import agreeing, counted, pace


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 models differ"), (1, "1 model differs"), (2, "2 models differ"), (1024, "1,024 models differ")],
)
def test_nouns_and_verbs_go_with_their_number(number: int, text: str) -> None:
    assert f"{counted(number, 'model')} {agreeing(number, 'differs', 'differ')}" == text


@pytest.mark.parametrize(("speed", "text"), [(0, "0 windows/s"), (4801.6, "4,802 windows/s")])
def test_a_speed_is_whole_windows_a_second(speed: float, text: str) -> None:
    assert pace(speed) == text
