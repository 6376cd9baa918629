from __future__ import annotations

import numpy as np
import pytest

from pytest_f07.results import metric_table
from pytest_f07.results.array_metrics import ARRAY_METRICS
from pytest_f07.results.formulas import Counts

CELLS = np.random.default_rng(0).integers(0, 9, (200, 4))


@pytest.mark.parametrize("key", ARRAY_METRICS)
def test_each_is_the_metric_of_the_table_or_undefined(key: str) -> None:
    for value, (tn, fp, fn, tp) in zip(ARRAY_METRICS[key](CELLS.astype(float)), CELLS.tolist(), strict=True):
        counts = Counts(tp, tn, fp, fn)
        if metric_table.is_defined(key, counts):
            assert value == pytest.approx(metric_table.values(counts)[key], abs=1e-12)
        else:
            assert np.isnan(value)
            assert metric_table.values(counts)[key] == 0.0


def test_all_that_can_be_required_can_be_resampled() -> None:
    assert ARRAY_METRICS.keys() == metric_table.LIMITS.keys()
