"""Read params.yaml: its keys, their limits and their defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_f07.errors import F07Error
from pytest_f07.variant.address import ADDRESS_KEYS, Address
from pytest_f07.variant.cluster import CLUSTER_KEYS, ClusterParams
from pytest_f07.variant.documents import read_parameters
from pytest_f07.variant.equivalence import FULL, EquivalenceParams
from pytest_f07.variant.names import composed
from pytest_f07.variant.paths import is_variant
from pytest_f07.variant.requirements import Requirements

MAX_BATCH_SIZE = 65_536
KEYS = ("parent_variant_f06", "runtime", "batch_size", "sample_size", "equivalence", "require", "checks", "log")
LOGS = ("file", "parts")
TIMEOUT_KEYS = ("timeout_s", "start_timeout_s")
RUNTIME_KEYS = ("host", "port", *TIMEOUT_KEYS, *ADDRESS_KEYS, *CLUSTER_KEYS)
MAX_TIMEOUT_S = 86_400


@dataclass(frozen=True)
class Params:
    """The parameters of one variant (specification §2 and §7).

    :param timeout_s: seconds that one request may take; ``start_timeout_s`` seconds for the server's start.
    :param sample_size: None for all rows; N takes the first N rows of each dataset, everywhere.
    :param equivalence: which predictions are compared with the oracle.
    :param require: what models are required to do, as params.yaml has it.
    :param address: a server that is already there; host and port are of the one that a run starts itself.
    :param cluster: the workers that a run is spread over.
    :param log: how the predictions are left: ``file``, one in parquet and one in CSV, or ``parts`` in parquet alone.
    :param checks: files and folders of the project with the user's own checks.
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
    address: Address = field(default_factory=Address)
    cluster: ClusterParams = field(default_factory=ClusterParams)
    checks: tuple[str, ...] = ()
    log: str = LOGS[0]

    @classmethod
    def read(cls, path: Path, where: str) -> Params:
        """Read ``path``.

        :raises F07Error: for an unknown key, a wrong type, or a value out of range.
        """
        if not path.exists():
            raise F07Error(f"{where}: no such file. Restore it (git checkout); it names at least parent_variant_f06.")
        return cls.parse(read_parameters(path, where), where)

    @classmethod
    def parse(cls, document: Mapping[str, Any], where: str) -> Params:
        """Return the parameters that a mapping holds.

        :param where: the first words of each error message.
        :raises F07Error: for an unknown key, a wrong type, or a value out of range.
        """
        _check_keys(document, KEYS, "", where)
        runtime = document.get("runtime")
        runtime = {} if runtime is None else runtime
        if not isinstance(runtime, dict):
            raise F07Error(f"{where}: runtime is {runtime!r}; it must hold host and port.")
        _check_keys(runtime, RUNTIME_KEYS, "runtime.", where)
        sample_size = document.get("sample_size")
        return cls(
            parent_variant_f06=_parse_parent(document.get("parent_variant_f06"), where),
            host=_parse_host(runtime.get("host", cls.host), where),
            port=_parse_integer("runtime.port", runtime.get("port", cls.port), 0, 65_535, where),
            **{key: _parse_seconds(key, runtime.get(key, getattr(cls, key)), where) for key in TIMEOUT_KEYS},
            batch_size=_parse_integer(
                "batch_size", document.get("batch_size", cls.batch_size), 1, MAX_BATCH_SIZE, where
            ),
            sample_size=None
            if sample_size is None
            else _parse_integer("sample_size", sample_size, 1, 2**63 - 1, where),
            equivalence=EquivalenceParams.parse(document.get("equivalence", FULL.mode), where),
            require=_parse_require(document.get("require"), where),
            address=Address.parse(runtime, where),
            cluster=ClusterParams.parse(runtime, where),
            checks=_parse_checks(document.get("checks"), where),
            log=_parse_log(document.get("log", cls.log), where),
        )

    @property
    def requirements(self) -> Requirements:
        """Return the rules of ``require``."""
        return Requirements.parse(self.require)

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
        """Return the mapping that params.yaml holds."""
        timeouts = {key: getattr(self, key) for key in TIMEOUT_KEYS if getattr(self, key) != getattr(Params, key)}
        elsewhere = {**self.address.document(), **self.cluster.document()}
        document: dict[str, Any] = {
            "parent_variant_f06": self.parent_variant_f06,
            "runtime": {"host": self.host, "port": self.port, **timeouts, **elsewhere},
            "batch_size": self.batch_size,
        }
        if self.sample_size is not None:
            document["sample_size"] = self.sample_size
        if self.equivalence != Params.equivalence:
            document["equivalence"] = self.equivalence.document()
        if self.require:
            document["require"] = {
                key: dict(smallest) if isinstance(smallest, Mapping) else smallest
                for key, smallest in self.require.items()
            }
        if self.checks:
            document["checks"] = list(self.checks)
        if self.log != Params.log:
            document["log"] = self.log
        return document


def _check_keys(document: Mapping[Any, Any], valid: tuple[str, ...], prefix: str, where: str) -> None:
    for key in document:
        if key not in valid:
            names = ", ".join(prefix + name for name in valid)
            raise F07Error(f"{where}: unknown key {prefix + str(key)!r}; valid keys are {names}.")


def _parse_require(value: object, where: str) -> dict[str, Any]:
    """Return what ``require`` holds, with names in one spelling (:mod:`requirements` reads it)."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise F07Error(f"{where}: require is {value!r}; it must hold metrics, or prediction names and metrics.")
    required = {composed(str(key)): smallest for key, smallest in value.items()}
    if len(required) < len(value):
        raise F07Error(f"{where}: require names a model twice, with its accents written in two ways. Keep one.")
    return required


def _parse_checks(value: object, where: str) -> tuple[str, ...]:
    paths = [] if value is None else value if isinstance(value, list) else [value]
    for path in paths:
        if not isinstance(path, str) or not path.strip() or "\0" in path:
            raise F07Error(
                f"{where}: checks is {value!r}; it must be a folder or file of your own tests, like tests/f07, or a "
                "list of them."
            )
    return tuple(paths)


def _parse_log(value: object, where: str) -> str:
    if value not in LOGS:
        raise F07Error(
            f"{where}: log is {value!r}; it must be file (one parquet file and one CSV file) or parts (a folder of "
            "parquet files)."
        )
    return str(value)


def _parse_parent(value: object, where: str) -> str:
    if not is_variant(value):
        state = "is missing" if value is None else f"is {value!r}"
        raise F07Error(f"{where}: parent_variant_f06 {state}; it must name an F06 variant, like v601.")
    return str(value)


def _parse_host(value: object, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise F07Error(f"{where}: runtime.host is {value!r}; it must be a host name or an address, like 127.0.0.1.")
    return value


def _parse_seconds(key: str, value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= MAX_TIMEOUT_S:
        raise F07Error(
            f"{where}: runtime.{key} is {value!r}; it must be a number of seconds above 0, at most {MAX_TIMEOUT_S:,}."
        )
    return value


def _parse_integer(key: str, value: object, smallest: int, largest: int, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not smallest <= value <= largest:
        limits = f"from {smallest} to {largest}" if largest < 2**62 else f"of at least {smallest}"
        raise F07Error(f"{where}: {key} is {value!r}; it must be a whole number {limits}.")
    return value
