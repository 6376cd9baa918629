"""What our plant asks of a model beyond what pytest-f07 looks at; copy it to tests/f07/ and make it yours."""

import json
from pathlib import Path

LIMITS = json.loads(Path(__file__).with_name("plant_limits.json").read_text())


def test_alarms_are_rare(prediction_name, f07_predictions):
    """Fail a model that raises more alarms on its own dataset than the control room can look at."""
    own = f07_predictions.dropna(subset="label")
    assert own.y_pred.mean() <= LIMITS["alarms_per_window"].get(prediction_name, 0.2)


def test_recall_is_what_f05_promised(f07_model, f07_metrics):
    """Fail a model that misses much more than it did on F05's test split."""
    promised = f07_model.summary["test_metrics"]["recall"]
    assert f07_metrics["recall"] >= promised - LIMITS["recall_lost"]


def test_an_empty_window_is_no_alarm(f07_predictions):
    """Fail the run where a model raises an alarm although nothing happened."""
    empty = f07_predictions[f07_predictions.window == "[]"]
    assert not empty[empty.y_pred == 1].prediction_name.unique().tolist()


def test_the_models_together_find_most_failures(f07_metrics):
    """Fail the run where the models find too few failures, all taken together."""
    assert f07_metrics.TP.sum() / (f07_metrics.TP + f07_metrics.FN).sum() >= LIMITS["failures_found"]
