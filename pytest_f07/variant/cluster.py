"""Read which Dask cluster a run is spread over: ``runtime.scheduler`` of params.yaml, and options of a session."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

from pytest_f07.errors import F07Error

CLUSTER_KEYS = ("scheduler", "mixed_cpus")
MAX_WORKERS = 1024
_ADDRESS = re.compile(r"(tcp|tls)://(\[[0-9a-fA-F:.]+\]|[^\s:/\[\]@]+):([0-9]{1,5})")


@dataclass(frozen=True)
class ClusterParams:
    """The cluster that a run is spread over; by default there is none, and this machine does it all.

    :param scheduler: the address of a scheduler that is already there.
    :param workers: how many workers to start on this machine; None: none.
    :param mixed_cpus: whether workers may have processors of different kinds.
    """

    scheduler: str | None = None
    workers: int | None = None
    mixed_cpus: bool = False

    @classmethod
    def parse(cls, runtime: Mapping[Any, Any], where: str) -> ClusterParams:
        """Return what ``runtime`` of params.yaml says.

        :param where: the first words of each error message.
        :raises F07Error: for what is no scheduler's address, or neither true nor false.
        """
        scheduler, mixed_cpus = runtime.get("scheduler"), runtime.get("mixed_cpus", False)
        if not isinstance(mixed_cpus, bool):
            raise F07Error(f"{where}: runtime.mixed_cpus is {mixed_cpus!r}; it must be true or false.")
        if scheduler is not None:
            scheduler = parse_scheduler(scheduler, f"{where}: runtime.scheduler")
        return cls(scheduler, None, mixed_cpus)

    def override(self, workers: str | None, scheduler: str | None) -> ClusterParams:
        """Return the cluster with what the command line gives in place of params.yaml.

        :raises F07Error: for both at once, for what is no number of workers or no address.
        """
        if workers is not None and scheduler is not None:
            raise F07Error(
                "--f07-workers and --f07-scheduler are given together: the first starts workers on this machine, the "
                "second uses those of a cluster that is already there. Leave one out."
            )
        if workers is not None:
            return replace(self, workers=parse_workers(workers), scheduler=None)
        if scheduler is not None:
            return replace(self, scheduler=parse_scheduler(scheduler, "--f07-scheduler"))
        return self

    @property
    def is_used(self) -> bool:
        """Return whether the run is spread over workers."""
        return self.workers is not None or self.scheduler is not None

    def check(self, url: str | None) -> None:
        """Check that a cluster can be used here, and for this server.

        :param url: the server that is already there; None where the run starts its own.
        :raises F07Error: with such a server, or where Dask is not installed.
        """
        if not self.is_used:
            return
        how = "--f07-workers" if self.workers is not None else "--f07-scheduler or runtime.scheduler"
        if url is not None:
            raise F07Error(
                f"{how} spreads a run over workers that each start a server, and {url} is one that is already there "
                "(runtime.url or --f07-server-url). Leave one out: an address here means another machine on each "
                "worker, and tokens would travel to all of them."
            )
        if find_spec("distributed") is None:
            raise F07Error(
                f"{how} needs Dask, which is not installed here. Install the extra: pip install 'pytest-f07[dask]'."
            )

    def document(self) -> dict[str, Any]:
        """Return the keys of ``runtime`` in params.yaml that are not their defaults."""
        values = {key: getattr(self, key) for key in CLUSTER_KEYS}
        return {key: value for key, value in values.items() if value != getattr(ClusterParams, key)}


def parse_scheduler(value: object, what: str) -> str:
    """Return a scheduler's address; raise :class:`F07Error`, which begins with ``what``, for anything else."""
    match = _ADDRESS.fullmatch(value) if isinstance(value, str) else None
    if match is None or not 0 < int(match[3]) < 65_536:
        raise F07Error(
            f"{what} is {value!r}; it must be the address of a Dask scheduler: tls://host:8786, or tcp://host:8786 "
            "where nobody else is on the network."
        )
    return match[0]


def parse_workers(value: str) -> int:
    """Return a number of workers; raise :class:`F07Error` for what is none."""
    if not re.fullmatch(r"[0-9]{1,9}", value) or not 1 <= int(value) <= MAX_WORKERS:
        raise F07Error(f"--f07-workers is {value!r}; it must be a whole number from 1 to {MAX_WORKERS:,}.")
    return int(value)
