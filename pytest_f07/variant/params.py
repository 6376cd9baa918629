"""params.yaml: what it may say, and what it means where it says nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_f07.errors import F07Error
from pytest_f07.variant.documents import read_parameters
from pytest_f07.variant.equivalence import FULL, EquivalenceParams
from pytest_f07.variant.names import composed
from pytest_f07.variant.paths import is_variant

MAX_BATCH_SIZE = 65_536
KEYS = ("parent_variant_f06", "runtime", "batch_size", "sample_size", "equivalence", "require")
RUNTIME_KEYS = ("host", "port", "timeout_s", "start_timeout_s")
MAX_TIMEOUT_S = 86_400
MetricLimits = Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class Params:
    """The parameters of one variant (specification §2 and §7).

    :param timeout_s: seconds that one request may take; ``start_timeout_s`` seconds for the server's start.
    :param sample_size: None for all rows; N takes the first N rows of each dataset, everywhere.
    :param equivalence: which predictions are held against the oracle.
    :param require: the least value of a metric for every model, or, under a prediction_name, for that one.
    """

    parent_variant_f06: str
    host: str = "127.0.0.1"
    port: int = 5005
    batch_size: int = 256
    sample_size: int | None = None
    equivalence: EquivalenceParams = FULL
    require: Mapping[str, Any] = field(default_factory=dict)
    timeout_s: float = 120
    start_timeout_s: float = 180

    @classmethod
    def read(cls, path: Path, where: str) -> Params:
        """Read ``path``; :class:`F07Error` for an unknown key, a wrong type, or a value out of range."""
        if not path.exists():
            raise F07Error(f"{where}: no such file. Restore it (git checkout); it names at least parent_variant_f06.")
        return cls.parse(read_parameters(path, where), where)

    @classmethod
    def parse(cls, document: Mapping[str, Any], where: str) -> Params:
        """The same from a mapping; ``where`` begins each message."""
        _known(document, KEYS, "", where)
        runtime = document.get("runtime")
        runtime = {} if runtime is None else runtime
        if not isinstance(runtime, dict):
            raise F07Error(f"{where}: runtime is {runtime!r}; it must hold host and port.")
        _known(runtime, RUNTIME_KEYS, "runtime.", where)
        sample_size = document.get("sample_size")
        return cls(
            parent_variant_f06=_parent(document.get("parent_variant_f06"), where),
            host=_host(runtime.get("host", cls.host), where),
            port=_whole("runtime.port", runtime.get("port", cls.port), 0, 65_535, where),
            **{key: _seconds(key, runtime.get(key, getattr(cls, key)), where) for key in RUNTIME_KEYS[2:]},
            batch_size=_whole("batch_size", document.get("batch_size", cls.batch_size), 1, MAX_BATCH_SIZE, where),
            sample_size=None if sample_size is None else _whole("sample_size", sample_size, 1, 2**63 - 1, where),
            equivalence=EquivalenceParams.parse(document.get("equivalence", FULL.mode), where),
            require=_require(document.get("require"), where),
        )

    def required(self, prediction_name: str) -> dict[str, float]:
        """The least value of each metric that one model must reach: what is said of it replaces what is said of all."""
        of_all = {name: least for name, least in self.require.items() if not isinstance(least, Mapping)}
        of_it = self.require.get(prediction_name)
        return {**of_all, **of_it} if isinstance(of_it, Mapping) else of_all

    def check_require(self, limits: MetricLimits, prediction_names: Sequence[str], where: str) -> None:
        """Check ``require``: metrics and their values, and models.

        :param limits: the smallest and largest value of each metric that can be required.
        :param where: the file, as messages name it.
        :raises F07Error: for a metric or a model that is not there, or a value that is not one of the metric's.
        """
        for key, least in self.require.items():
            if not isinstance(least, Mapping):
                _check_least({key: least}, limits, "require.", where)
                continue
            _check_least(least, limits, f"require.{key}.", where)
            if key not in prediction_names:
                raise F07Error(
                    f"{where}: require names {key!r}, which is no model of this variant; its models are "
                    f"{', '.join(prediction_names)}."
                )

    def is_what_ran(self, recorded: object) -> bool:
        """Return whether a run's metadata recorded these parameters; what it does not name had its default then.

        :param recorded: ``params`` of the metadata, of this version or of one that took ``sample`` by default.
        """
        if not isinstance(recorded, Mapping):
            return False
        try:
            ran = [Params.parse({**default, **recorded}, "") for default in ({}, {"equivalence": "sample"})]
        except F07Error:
            return False
        return self in ran

    def document(self) -> dict[str, Any]:
        """The mapping that params.yaml holds."""
        timeouts = {key: getattr(self, key) for key in RUNTIME_KEYS[2:] if getattr(self, key) != getattr(Params, key)}
        document: dict[str, Any] = {
            "parent_variant_f06": self.parent_variant_f06,
            "runtime": {"host": self.host, "port": self.port, **timeouts},
            "batch_size": self.batch_size,
        }
        if self.sample_size is not None:
            document["sample_size"] = self.sample_size
        if self.equivalence != Params.equivalence:
            document["equivalence"] = self.equivalence.document()
        if self.require:
            document["require"] = {
                key: dict(least) if isinstance(least, Mapping) else least for key, least in self.require.items()
            }
        return document


def _known(document: Mapping[Any, Any], valid: tuple[str, ...], prefix: str, where: str) -> None:
    for key in document:
        if key not in valid:
            names = ", ".join(prefix + name for name in valid)
            raise F07Error(f"{where}: unknown key {prefix + str(key)!r}; valid keys are {names}.")


def _require(found: object, where: str) -> dict[str, Any]:
    """``recall: 0.8`` for every model; ``some_model: {recall: 0.8}`` for that one. Its entries are checked apart."""
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise F07Error(f"{where}: require is {found!r}; it must hold metrics, or prediction names and metrics.")
    required = {composed(str(key)): least for key, least in found.items()}
    if len(required) < len(found):
        raise F07Error(f"{where}: require names a model twice, with its accents written in two ways. Keep one.")
    return required


def _check_least(required: Mapping[Any, Any], limits: MetricLimits, prefix: str, where: str) -> None:
    _known(required, tuple(limits), prefix, where)
    for metric, value in required.items():
        low, high = limits[metric]
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise F07Error(f"{where}: {prefix}{metric} is {value!r}; it must be a number from {low:g} to {high:g}.")


def _parent(value: object, where: str) -> str:
    if not is_variant(value):
        found = "is missing" if value is None else f"is {value!r}"
        raise F07Error(f"{where}: parent_variant_f06 {found}; it must name an F06 variant, like v601.")
    return str(value)


def _host(value: object, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise F07Error(f"{where}: runtime.host is {value!r}; it must be a host name or an address, like 127.0.0.1.")
    return value


def _seconds(key: str, value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= MAX_TIMEOUT_S:
        raise F07Error(
            f"{where}: runtime.{key} is {value!r}; it must be a number of seconds above 0, at most {MAX_TIMEOUT_S:,}."
        )
    return value


def _whole(key: str, value: object, least: int, most: int, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        limits = f"from {least} to {most}" if most < 2**62 else f"of at least {least}"
        raise F07Error(f"{where}: {key} is {value!r}; it must be a whole number {limits}.")
    return value
