from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from pytest_f07.results.agreement import Agreement
from pytest_f07.results.base_rate_figure import draw_base_rates
from pytest_f07.results.formulas import Counts

AGREEMENT = Agreement(0.729, 0.1, (0.067, 0.131), 0.101, (0.093, 0.111), Counts(70, 195, 26, 29), 0.018)


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), np.int16)


def test_another_number_is_another_picture_and_the_same_the_same_bytes() -> None:
    picture = draw_base_rates({"a": AGREEMENT})
    assert picture == draw_base_rates({"a": AGREEMENT})
    for change in ({"claimed": 0.5}, {"expected": 0.12}, {"measured": 0.5}, {"interval": (0.0, 0.9)}):
        assert picture != draw_base_rates({"a": replace(AGREEMENT, **change)})


@pytest.mark.parametrize("models", [1, 4, 12])
def test_the_picture_grows_with_the_models(models: int) -> None:
    one, many = draw_base_rates({"a": AGREEMENT}), draw_base_rates({f"m{n}": AGREEMENT for n in range(models)})
    grown = pixels(many).shape[0] - pixels(one).shape[0]
    assert grown == pytest.approx(120 * 0.62 * (models - 1), abs=2)


def test_a_long_name_and_no_prediction_of_1_are_drawn() -> None:
    assert draw_base_rates({"a_very_long_name" * 8: replace(AGREEMENT, measured=None), "b": AGREEMENT})
