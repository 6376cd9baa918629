"""Say what a task on a worker answers: what it was asked for, or why this worker cannot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pytest_f07.replay.replay import Timings
from pytest_f07.results.counting import LogCounts

Value = TypeVar("Value")


@dataclass(frozen=True)
class Kind:
    """What the last bits of a worker's scores depend on, as its server tells it.

    :param processor: its model and vector instructions.
    :param software: the versions of what answers.
    :param kernels: the settings of the kernels.
    """

    processor: tuple[tuple[str, str], ...]
    software: tuple[tuple[str, str], ...]
    kernels: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, identity: Mapping[str, Any]) -> Kind:
        """Return the kind that an answer of ``GET /`` tells."""
        processor, software, kernels = (
            tuple(sorted((identity.get(key) or {}).items())) for key in ("processor", "versions", "kernels")
        )
        return cls(processor, software, kernels)

    def difference(self, expected: Kind, mixed_cpus: bool) -> str | None:
        """Return the first thing in which this kind is not the expected one; None where there is none.

        :param mixed_cpus: whether the processor may be another one.
        """
        for what, mine, theirs in (
            ("software", self.software, expected.software),
            ("kernel settings", self.kernels, expected.kernels),
            ("processor", self.processor, expected.processor),
        ):
            if mine != theirs and not (mixed_cpus and what == "processor"):
                return f"its {what} differs: {_changes(dict(mine), dict(theirs))}"
        return None


@dataclass(frozen=True)
class Done(Generic[Value]):
    """What a task was asked for.

    :param address: of the worker.
    :param kind: of the worker.
    """

    address: str
    kind: Kind
    value: Value


@dataclass(frozen=True)
class Missing:
    """The worker sees no such files as the run's: they must be sent to its host, and the task given again.

    :param place: of the folder that the workers of its host share; those that name the same share one.
    """

    address: str
    place: str


@dataclass(frozen=True)
class Refused:
    """The worker cannot be used.

    :param reason: as the end of ``worker tcp://…: ``.
    """

    address: str
    reason: str


@dataclass(frozen=True)
class ShardPart:
    """A shard's part of the log.

    :param content: of the parquet file, whose digest is ``sha256``.
    :param counts: of its rows.
    """

    content: bytes
    sha256: str
    timings: Timings
    counts: LogCounts


def _changes(mine: dict[str, str], theirs: dict[str, str]) -> str:
    """Return what differs, each with both values; of lists of words, the words that only one has."""
    texts = []
    for key in sorted({*mine, *theirs}):
        here, there = str(mine.get(key, "nothing")), str(theirs.get(key, "nothing"))
        if here == there:
            continue
        if key == "instructions":
            more, fewer = set(here.split()) - set(there.split()), set(there.split()) - set(here.split())
            here, there = " ".join(sorted(more)) or "none more", " ".join(sorted(fewer)) or "none more"
        texts.append(f"{key} {here}, and the others' {there}")
    return "; ".join(texts)
