"""Read the server's description of its models, to compare it with the package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_f07.equivalence.process import OracleModel
from pytest_f07.variant.manifest import Manifest
from pytest_f07.variant.package import Model
from pytest_f07.variant.seal import digest


@dataclass(frozen=True)
class ServedModel:
    """A model as the server describes it.

    :param sha256: of the model file that the server loaded; None where it does not tell.
    :param expected_sha256: of the model file in the package.
    :param broken_layers: layers whose weights are NaN or infinite.
    :param needs_a_code: whether the model pools over a mask, which a window without a known code leaves empty.
    :param oracle: what the oracle has read of the model, by itself; None where it was not started.
    """

    sha256: str | None
    expected_sha256: str
    broken_layers: Sequence[str]
    needs_a_code: bool
    oracle: OracleModel | None = None

    def explain(self) -> str:
        """Return why it has scores that are not numbers."""
        if self.sha256 is None:
            return (
                "the server does not tell why. Look for weights that are not numbers, and for a pooling over nothing, "
                "as in a window without a known code."
            )
        if self.broken_layers:
            layers = ", ".join(repr(name) for name in self.broken_layers)
            plural = "s" if len(self.broken_layers) > 1 else ""
            return (
                f"the weights of layer{plural} {layers} are NaN or infinite. Train it again (a masked embedding "
                "trained on empty windows does this)."
            )
        if self.needs_a_code:
            return (
                "the model pools over a mask, and a window without a known code leaves nothing to pool. Train it "
                "without mask_zero, or keep such windows out of its dataset."
            )
        return "its weights are numbers, so the scores overflow on the way. Train it again with smaller weights."


def served_models(
    identity: Mapping[str, Any] | None,
    manifest: Manifest,
    models: Sequence[Model],
    oracle: Mapping[str, OracleModel] | None = None,
) -> dict[str, ServedModel]:
    """Return the server's description of each model, by prediction_name.

    :param identity: the answer of ``GET /``; None where the server does not tell which files it serves.
    :param oracle: what the oracle has read of each model; None where it was not started.
    """
    descriptions = {model.get("prediction_name"): model for model in (identity or {}).get("loaded", [])}
    served = {}
    for model in models:
        name = model.prediction_name
        description = descriptions.get(name, {})
        served[name] = ServedModel(
            sha256=None if identity is None else str(description.get("sha256", "unknown")),
            expected_sha256=_expected_sha256(manifest, model, None if oracle is None else oracle[name]),
            broken_layers=description.get("broken_layers", []),
            needs_a_code=bool(description.get("needs_a_code")),
            oracle=None if oracle is None else oracle[name],
        )
    return served


def _expected_sha256(manifest: Manifest, model: Model, oracle: OracleModel | None) -> str:
    """Return the digest of the model's file: the seal's, else the oracle's own, else what is on disk."""
    return manifest.sealed_sha256(model.h5) or (oracle.sha256 if oracle else digest(model.h5))
