"""params.yaml: what it may say, and what it means where it says nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_f07.errors import F07Error
from pytest_f07.variant.documents import read_yaml
from pytest_f07.variant.paths import is_variant

MAX_BATCH_SIZE = 65_536
EQUIVALENCE = ("sample", "full", "off")


@dataclass(frozen=True)
class Params:
    """The parameters of one variant (specification §2 and §7).

    :param sample_size: None for all rows; N takes the first N rows of each dataset, everywhere.
    :param equivalence: which windows of a model's own dataset are held against the oracle: a ``sample``, all of them
        (``full``), or none (``off``).
    """

    parent_variant_f06: str
    host: str = "127.0.0.1"
    port: int = 5005
    batch_size: int = 256
    sample_size: int | None = None
    equivalence: str = "sample"

    @classmethod
    def read(cls, path: Path, where: str) -> Params:
        """Read ``path``; :class:`F07Error` for an unknown key, a wrong type, or a value out of range."""
        return cls.parse(read_yaml(path, where), where)

    @classmethod
    def parse(cls, document: Mapping[str, Any], where: str) -> Params:
        """The same from a mapping; ``where`` begins each message."""
        _known(document, ("parent_variant_f06", "runtime", "batch_size", "sample_size", "equivalence"), "", where)
        runtime = document.get("runtime")
        runtime = {} if runtime is None else runtime
        if not isinstance(runtime, dict):
            raise F07Error(f"{where}: runtime is {runtime!r}; it must hold host and port.")
        _known(runtime, ("host", "port"), "runtime.", where)
        sample_size = document.get("sample_size")
        return cls(
            parent_variant_f06=_parent(document.get("parent_variant_f06"), where),
            host=_host(runtime.get("host", cls.host), where),
            port=_whole("runtime.port", runtime.get("port", cls.port), 0, 65_535, where),
            batch_size=_whole("batch_size", document.get("batch_size", cls.batch_size), 1, MAX_BATCH_SIZE, where),
            sample_size=None if sample_size is None else _whole("sample_size", sample_size, 1, 2**63 - 1, where),
            equivalence=_equivalence(document.get("equivalence", cls.equivalence), where),
        )

    def document(self) -> dict[str, Any]:
        """The mapping that params.yaml holds."""
        document: dict[str, Any] = {
            "parent_variant_f06": self.parent_variant_f06,
            "runtime": {"host": self.host, "port": self.port},
            "batch_size": self.batch_size,
        }
        if self.sample_size is not None:
            document["sample_size"] = self.sample_size
        if self.equivalence != Params.equivalence:
            document["equivalence"] = self.equivalence
        return document


def _known(document: Mapping[Any, Any], valid: tuple[str, ...], prefix: str, where: str) -> None:
    for key in document:
        if key not in valid:
            names = ", ".join(prefix + name for name in valid)
            raise F07Error(f"{where}: unknown key {prefix + str(key)!r}; valid keys are {names}.")


def _parent(value: object, where: str) -> str:
    if not is_variant(value):
        found = "is missing" if value is None else f"is {value!r}"
        raise F07Error(f"{where}: parent_variant_f06 {found}; it must name an F06 variant, like v601.")
    return str(value)


def _host(value: object, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise F07Error(f"{where}: runtime.host is {value!r}; it must be a host name or an address, like 127.0.0.1.")
    return value


def _equivalence(value: object, where: str) -> str:
    if value is False:  # YAML reads a bare off as one
        return "off"
    if not isinstance(value, str) or value not in EQUIVALENCE:
        raise F07Error(f"{where}: equivalence is {value!r}; it must be sample, full or off.")
    return value


def _whole(key: str, value: object, least: int, most: int, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        limits = f"from {least} to {most}" if most < 2**62 else f"of at least {least}"
        raise F07Error(f"{where}: {key} is {value!r}; it must be a whole number {limits}.")
    return value
