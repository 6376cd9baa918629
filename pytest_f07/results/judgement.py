"""Judge every model of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pytest_f07.equivalence.comparison import Equivalence
from pytest_f07.equivalence.infer import InferCheck
from pytest_f07.results.counting import LogCounts
from pytest_f07.results.identity import served_models
from pytest_f07.results.verdict import Verdict, judge
from pytest_f07.variant.manifest import Manifest
from pytest_f07.variant.package import Model
from pytest_f07.variant.params import Params


def judge_all(
    manifest: Manifest,
    params: Params,
    models: Sequence[Model],
    identity: Mapping[str, Any],
    log: LogCounts,
    infer_check: InferCheck,
    equivalence: Mapping[str, Equivalence],
    recount_faults: Mapping[str, str],
) -> dict[str, Verdict]:
    """Return the verdict of each model, by prediction_name in order.

    :param identity: what the server said of itself.
    :param equivalence: by prediction_name, where the oracle was asked; ``recount_faults`` where a second count differs.
    """
    served = served_models(identity, manifest, models)
    return {
        name: judge(
            model,
            served[name],
            log,
            infer_check,
            params.required(name),
            equivalence.get(name),
            recount_faults.get(name),
        )
        for model in models
        for name in [model.prediction_name]
    }
