"""Read the server's description of its models, to compare it with the package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_f07.variant.manifest import Manifest
from pytest_f07.variant.package import Model
from pytest_f07.variant.seal import digest


@dataclass(frozen=True)
class ServedModel:
    """A model as the server describes it.

    :param sha256: of the model file that the server loaded.
    :param expected_sha256: of the model file in the package.
    :param broken_layers: layers whose weights are NaN or infinite.
    :param needs_a_code: whether the model pools over a mask, which a window without a known code leaves empty.
    """

    sha256: str
    expected_sha256: str
    broken_layers: Sequence[str]
    needs_a_code: bool


def served_models(identity: Mapping[str, Any], manifest: Manifest, models: Sequence[Model]) -> dict[str, ServedModel]:
    """Return the server's description of each model, by prediction_name.

    :param identity: the answer of ``GET /``.
    """
    descriptions = {model.get("prediction_name"): model for model in identity.get("loaded", [])}
    served = {}
    for model in models:
        description = descriptions.get(model.prediction_name, {})
        served[model.prediction_name] = ServedModel(
            sha256=str(description.get("sha256", "unknown")),
            expected_sha256=manifest.sealed_sha256(model.h5) or digest(model.h5),
            broken_layers=description.get("broken_layers", []),
            needs_a_code=bool(description.get("needs_a_code")),
        )
    return served
