from __future__ import annotations

from typing import Any

import pytest

from pytest_f07.results.f05 import F05

SUMMARY = {
    "test_metrics": {"precision": 0.75, "recall": 1, "f1": 0.5, "confusion_matrix": [[195, 26], [29, 70]]},
    "split_sizes": {"train": 1486, "val": 318, "test": 320},
    "imbalance_policy": {
        "config": {"strategy": "rare_events", "max_majority_samples": 1500},
        "sampler_info": {"n_neg_before": 33681, "n_neg_after": 1500},
    },
}


def test_what_f05_said_reads_as_a_sentence() -> None:
    f05 = F05.from_summary(SUMMARY)
    assert f05.metrics == {"precision": 0.75, "recall": 1.0, "f1": 0.5}
    assert f05.sentence == (
        "F05 measured on its own test split of 320 windows, 30.9% of them labelled 1; it was drawn after undersampling "
        "the rows labelled 0 from 33,681 to 1,500 (imbalance policy: rare_events)."
    )


@pytest.mark.parametrize(
    "summary",
    [
        {},
        {"test_metrics": None, "split_sizes": [], "imbalance_policy": "none"},
        {"test_metrics": {"precision": "0.5", "recall": float("nan"), "f1": True, "confusion_matrix": [[1], "x"]}},
        {"test_metrics": {"precision": 10**400, "recall": -float("inf")}},
        {"test_metrics": {"precision": 7}, "imbalance_policy": {"config": [], "sampler_info": {"n_neg_before": "1"}}},
    ],
)
def test_what_is_not_there_is_not_believed(summary: dict[str, Any]) -> None:
    f05 = F05.from_summary(summary)
    assert f05 == F05()
    assert f05.sentence == "F05 left no test metrics in the package."


def test_what_is_undefined_on_f05s_split_is_no_measurement() -> None:
    f05 = F05.from_summary({"test_metrics": {"precision": 0.0, "recall": 0.0, "confusion_matrix": [[5, 0], [3, 0]]}})
    assert (f05.metrics, f05.undefined) == ({"recall": 0.0}, ["precision"])


@pytest.mark.parametrize("matrix", [[[0, 0], [0, 0]], [[1, 2, 3], [4, 5, 6]], [[1, -2], [3, 4]], None])
def test_a_confusion_matrix_that_is_none_gives_no_base_rate(matrix: object) -> None:
    f05 = F05.from_summary({"test_metrics": {"precision": 0.5, "confusion_matrix": matrix}})
    assert f05.base_rate is None
    assert f05.sentence == "F05 measured on its own test split."
