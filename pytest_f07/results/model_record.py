"""Record what a model was in a run, so that a later run can tell what changed about it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pytest_f07.variant.manifest import Manifest
from pytest_f07.variant.package import Model
from pytest_f07.variant.seal import digest

# What a sentence says of each entry of a record that changed.
CHANGES = {
    "sha256": "another model file",
    "threshold": "threshold {then} then, {now} now",
    "vocabulary": "another vocabulary",
    "keras": "saved by Keras {then} then, by {now} now",
    "dataset_sha256": "another file of its own dataset",
}


def record_model(model: Model, manifest: Manifest) -> dict[str, Any]:
    """Return the record of one model, as the metadata holds it."""
    dataset = manifest.package.dataset(model.source_f04)
    vectorization = model.vectorization
    vocabulary = json.dumps([vectorization.kind, vectorization.width, *vectorization.vocabulary])
    return {
        "sha256": manifest.sealed_sha256(model.h5) or digest(model.h5),
        "threshold": model.threshold,
        "vocabulary": hashlib.sha256(vocabulary.encode()).hexdigest(),
        "keras": model.keras_version,
        "dataset": model.source_f04,
        "dataset_sha256": manifest.sealed_sha256(dataset) or digest(dataset),
    }


def record_differences(then: Mapping[str, Any] | None, now: Mapping[str, Any]) -> list[str]:
    """Return what changed about a model, each as the middle of a sentence; "not recorded" for an older run.

    :param then: the earlier record; None where that run's version kept none.
    """
    if then is None:
        return ["what the model was then is not recorded"]
    return [
        text.format(then=then.get(key, "?"), now=now[key]) for key, text in CHANGES.items() if then.get(key) != now[key]
    ]
