"""Spread a run over the workers of a cluster; Dask is an extra, imported where it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_f07.endpoints.target import ClusterTarget
from pytest_f07.errors import F07Error

if TYPE_CHECKING:
    from pytest_f07.replay.process import ServerCommand
    from pytest_f07.run.prepare import Prepared
    from pytest_f07.run.replayer import Replayer


def check_cluster(prepared: Prepared) -> None:
    """Raise :class:`F07Error` where the run is spread over a cluster that does not answer; release the variant."""
    if isinstance(prepared.target, ClusterTarget):
        from pytest_f07.cluster.connect import check_scheduler

        try:
            check_scheduler(prepared.target.cluster)
        except F07Error:
            prepared.release()
            raise


def make_replayer(prepared: Prepared, target: ClusterTarget, command: ServerCommand) -> Replayer:
    """Return the workers as who replays the shards; nothing is started yet.

    :param command: what would start the server here, and does on each worker.
    """
    from pytest_f07.cluster.replayer import ClusterReplayer

    return ClusterReplayer(prepared, target, command)
