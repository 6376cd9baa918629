"""Reserve what a run needs before anything is checked: the variant's lock, and the port of its server.

Nothing heavy is imported here: right after it server and oracle are started, so that they import TensorFlow while the
package is checked.
"""

from __future__ import annotations

import os
import secrets
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime

from pytest_f07.endpoints.target import ClusterTarget, ManagedTarget, Target, UrlTarget
from pytest_f07.errors import F07Error
from pytest_f07.variant.address import Address
from pytest_f07.variant.cluster import ClusterParams
from pytest_f07.variant.listen import listen
from pytest_f07.variant.lock import lock_variant
from pytest_f07.variant.manifest import Manifest
from pytest_f07.variant.params import Params


@dataclass(frozen=True)
class Reservation:
    """A variant that no other process runs meanwhile, and the server that the run will validate.

    :param held: the variant's lock, the server's port, and whatever a check fetches.
    :param began: when the run began, in UTC.
    :param resume: whether the run takes the finished parts that an earlier run left.
    """

    manifest: Manifest
    params: Params
    target: Target
    held: ExitStack
    began: datetime
    resume: bool

    def release(self) -> None:
        """Release all that is held; to do so again does nothing."""
        self.held.close()


def reserve(
    manifest: Manifest,
    params: Params,
    server_url: str | None = None,
    protocol: str | None = None,
    resume: bool = False,
    workers: str | None = None,
    scheduler: str | None = None,
) -> Reservation:
    """Lock a variant, and open the port of its server; change no file.

    :param server_url: a server that is already there, in place of what params.yaml says; ``protocol`` what it speaks.
    :param resume: take the finished parts that an earlier run left.
    :param workers: how many workers to start here; ``scheduler`` of a cluster that is already there.
    :raises F07Error: where another process holds the variant, the port is taken, or the options contradict each other.
    """
    began = datetime.now(UTC)
    with ExitStack() as stack:
        stack.callback(os.close, lock_variant(manifest.paths))
        address = params.address.override(server_url, protocol)
        if resume and address.url is not None:
            raise F07Error(
                f"a run is asked to resume with the server at {address.url}: nobody can tell whether it is "
                "still the one that answered the run before. Leave --f07-resume (RESUME) out."
            )
        target = _find_target(manifest, params, address, params.cluster.override(workers, scheduler))
        stack.callback(target.release)
        return Reservation(manifest, params, target, stack.pop_all(), began, resume)


def _find_target(manifest: Manifest, params: Params, address: Address, cluster: ClusterParams) -> Target:
    """Open the port of the run's own server, or name the one that is already there; workers come later."""
    where = manifest.project.show(manifest.paths.params)
    address.check(manifest.prediction_names, where)
    cluster.check(address.url)
    if cluster.is_used:
        return ClusterTarget(cluster, secrets.token_hex(16))
    if address.url is not None:
        return UrlTarget.of(address, manifest.project.root, where)
    listener = listen(params.host, params.port)
    return ManagedTarget(params.host, listener.getsockname()[1], listener, secrets.token_hex(16))
