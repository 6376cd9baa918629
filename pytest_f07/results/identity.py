"""Read the server's description of its models, to compare it with the package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_f07.equivalence.process import OracleModel
from pytest_f07.results.non_finite import NonFiniteWindows
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

    def explain(self, windows: NonFiniteWindows, is_own: bool) -> str:
        """Return why it has scores that are not numbers.

        :param windows: which windows have such scores; ``is_own`` whether they are of its own dataset.
        """
        pooling = "a window without a known code leaves nothing to pool. Train it without mask_zero, or "
        pooling += "keep such windows out of its dataset." if is_own else "do not ask it about such windows."
        overflow = "the scores overflow on the way. Train it again with smaller weights."
        if self.sha256 is None and windows.without_known_code and not windows.with_known_code:
            return f"the server does not tell why; as it looks, the model pools over a mask, and {pooling}"
        if self.sha256 is None:
            return "the server does not tell why. Look for weights that are not numbers, and for scores that overflow."
        if self.broken_layers:
            layers = ", ".join(repr(name) for name in self.broken_layers)
            plural = "s" if len(self.broken_layers) > 1 else ""
            return (
                f"the weights of layer{plural} {layers} are NaN or infinite. Train it again (a masked embedding "
                "trained on empty windows does this)."
            )
        if self.needs_a_code and windows.without_known_code:
            others = f" Of the others, {overflow}" if windows.with_known_code else ""
            return f"the model pools over a mask, and {pooling}{others}"
        return f"its weights are numbers, so {overflow}"


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
