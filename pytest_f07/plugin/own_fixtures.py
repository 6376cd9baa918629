"""Define the fixtures of own checks: what the run wrote, and the package's models.

They are there in every session, so that a project's whole test suite may hold own checks: without ``--f07-variant`` a
test that asks for one of them is skipped.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import pandas as pd

    from pytest_f07.results.run_result import RunResult
    from pytest_f07.variant.package import Model

NO_RUN = "an own check of pytest-f07: it is run with --f07-variant and --f07-checks"


@pytest.fixture
def prediction_name() -> str:
    """Return the model that the check is run for: each of the package's in turn."""
    pytest.skip(NO_RUN)


@pytest.fixture
def f07_metrics(_f07_run: RunResult, request: pytest.FixtureRequest) -> Mapping[str, Any] | pd.DataFrame:
    """Return the model's metrics by name; all models' as a DataFrame where the check asks for no prediction_name."""
    from pytest_f07.results.reading.frames import metrics_frame

    if name := _model_name(request):
        return MappingProxyType(json.loads(_f07_run.outputs.metrics_json.read_bytes())[name])
    return metrics_frame(_f07_run.outputs.metrics_csv)


@pytest.fixture
def f07_predictions(_f07_run: RunResult, request: pytest.FixtureRequest) -> pd.DataFrame:
    """Return the model's logged predictions; all models' where the check asks for no prediction_name.

    A row is a prediction, in the order of the log; only labelled rows of the model's own dataset have a ``label``.
    """
    from pytest_f07.log.reader import log_files
    from pytest_f07.results.reading.frames import predictions_frame
    from pytest_f07.results.reading.log_batches import read_batches
    from pytest_f07.results.reading.own_labels import OwnLabels

    owners = {model.prediction_name: model.source_f04 for model in _f07_run.models}
    datasets = {dataset.source_f04: dataset for dataset in _f07_run.datasets}
    labels = OwnLabels(owners, datasets.__getitem__)
    files = log_files(_f07_run.outputs.predictions_parquet)
    return predictions_frame(read_batches(files, _model_name(request), None, labels))


@pytest.fixture
def f07_model(_f07_run: RunResult, prediction_name: str) -> Model:
    """Return the package's data on the model: nothing in it can be changed, and it is no Keras model."""
    [model] = (model for model in _f07_run.models if model.prediction_name == prediction_name)
    return replace(model, summary=_freeze(model.summary))


@pytest.fixture
def _f07_run(request: pytest.FixtureRequest) -> RunResult:
    """Return the run's result; where only own checks are selected, the first of them executes it."""
    session = request.config.pluginmanager.get_plugin("f07-session")
    if session is None:
        pytest.skip(NO_RUN)
    if session.selection.collect_only:
        pytest.skip("nothing is executed in this session")
    if session.outcomes.names and not session.started:
        pytest.skip("no model was judged, so that there is no run")
    result: RunResult = request.getfixturevalue("f07_result")
    if result.broken:
        pytest.skip(f"the run broke: {result.broken}")
    if (name := _model_name(request)) and name not in result.verdicts:
        pytest.fail(f"there is no model {name!r}; there are {', '.join(result.verdicts)}", pytrace=False)
    return result


def _model_name(request: pytest.FixtureRequest) -> str | None:
    return request.getfixturevalue("prediction_name") if "prediction_name" in request.fixturenames else None


def _freeze(value: Any) -> Any:
    """Return JSON's values so that nothing in them can be changed."""
    if isinstance(value, Mapping):
        return MappingProxyType({key: _freeze(entry) for key, entry in value.items()})
    return tuple(map(_freeze, value)) if isinstance(value, list) else value
