"""Check everything that a run needs before it begins, and change no file."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime

from pytest_f07.endpoints.connect import connect
from pytest_f07.endpoints.target import ClusterTarget, ManagedTarget, Target, UrlTarget
from pytest_f07.errors import F07Error
from pytest_f07.replay.preflight import check_server
from pytest_f07.results.comparison.baseline import BaselineRun
from pytest_f07.results.comparison.baselines import read_baselines, remove_fetched
from pytest_f07.results.metric_table import LIMITS
from pytest_f07.results.run_result import RunResult
from pytest_f07.variant import disk, manifest
from pytest_f07.variant.address import Address
from pytest_f07.variant.cluster import ClusterParams
from pytest_f07.variant.coherence import incoherences
from pytest_f07.variant.dataset import Dataset
from pytest_f07.variant.listen import listen
from pytest_f07.variant.lock import lock_variant
from pytest_f07.variant.manifest import Manifest
from pytest_f07.variant.package import Model
from pytest_f07.variant.params import Params
from pytest_f07.variant.paths import Outputs, Project


@dataclass(frozen=True)
class Prepared:
    """A variant that is checked and can be run; it holds the variant's lock and the port of its server.

    :param incoherences: a sentence for each thing in the package that contradicts itself.
    :param baselines: the earlier runs that this one is compared with; the first of them is shown.
    :param lock: the file descriptor of the variant's lock.
    :param began: when the check began, in UTC.
    :param resume: whether the run takes the finished parts that an earlier run left.
    """

    manifest: Manifest
    params: Params
    models: tuple[Model, ...]
    datasets: tuple[Dataset, ...]
    incoherences: tuple[str, ...]
    baselines: Mapping[str, BaselineRun]
    target: Target
    lock: int
    began: datetime
    resume: bool = False

    def release(self) -> None:
        """Release port and lock."""
        self.target.release()
        os.close(self.lock)
        remove_fetched(self.baselines)

    def no_result(self, outputs: Outputs) -> RunResult:
        """Return the result of a run without verdicts: it was not executed, or interrupted."""
        inputs = (self.manifest, self.params, self.models, self.datasets)
        server = self.target.describe()
        return RunResult(*inputs, outputs, self.began, incoherences=self.incoherences, server=server)


def load(project: Project, variant: str) -> tuple[Manifest, Params]:
    """Read a variant's manifest and parameters.

    :raises F07Error: where one of them is missing or wrong, or they name different packages.
    """
    loaded = manifest.load(project, variant)
    where = project.show(loaded.paths.params)
    params = Params.read(loaded.paths.params, where)
    if params.parent_variant_f06 != loaded.package.name:
        raise F07Error(
            f"{where}: parent_variant_f06 is {params.parent_variant_f06}, and the manifest was made of "
            f"{loaded.package.name}; they must agree. Make a new variant: make variant7 "
            f"VARIANT=<a new name> PARENT={params.parent_variant_f06}"
        )
    params.requirements.check(LIMITS, loaded.prediction_names, where)
    return loaded, params


def prepare(
    project: Project,
    variant: str,
    compare_with: str | None = None,
    server_url: str | None = None,
    protocol: str | None = None,
    resume: bool = False,
    workers: str | None = None,
    scheduler: str | None = None,
) -> Prepared:
    """Check package, seal, parameters, lock, disk and server before a run; change no file.

    :param compare_with: an earlier run that this one is compared with, like v700, v700@HEAD or path/to/project:v700.
    :param server_url: a server that is already there, in place of what params.yaml says; ``protocol`` what it speaks.
    :param resume: take the finished parts that an earlier run left.
    :param workers: how many workers to start here; ``scheduler`` of a cluster that is already there.
    :raises F07Error: for the first thing that is wrong.
    """
    began = datetime.now(UTC)
    loaded, params = load(project, variant)
    loaded.check_seal()
    models, datasets = tuple(loaded.read_models()), tuple(loaded.read_datasets(params.sample_size))
    contradictions = tuple(incoherences(loaded.package, models, loaded.read_datasets(None)))
    baselines = read_baselines(loaded, params, compare_with)
    lock = lock_variant(loaded.paths)
    try:
        disk.check(loaded.paths, datasets, loaded.prediction_names, params.log == "parts")
        address = params.address.override(server_url, protocol)
        if resume and address.url is not None:
            raise F07Error(
                f"a run is asked to resume with the server at {address.url}: nobody can tell whether it is "
                "still the one that answered the run before. Leave --f07-resume (RESUME) out."
            )
        cluster = params.cluster.override(workers, scheduler)
        target = _find_server(loaded, params, address, cluster, models, datasets)
    except BaseException:
        os.close(lock)
        raise
    return Prepared(loaded, params, models, datasets, contradictions, baselines, target, lock, began, resume)


def _find_server(
    loaded: Manifest,
    params: Params,
    address: Address,
    cluster: ClusterParams,
    models: Sequence[Model],
    datasets: Sequence[Dataset],
) -> Target:
    """Open the port of the run's own server, or ask the one that is already there; workers are found later."""
    where = loaded.project.show(loaded.paths.params)
    address.check(loaded.prediction_names, where)
    cluster.check(address.url)
    if cluster.is_used:
        return ClusterTarget(cluster, secrets.token_hex(16))
    if address.url is None:
        listener = listen(params.host, params.port)
        return ManagedTarget(params.host, listener.getsockname()[1], listener, secrets.token_hex(16))
    target = UrlTarget.of(address, loaded.project.root, where)
    with closing(connect(target, models, loaded.digest, params.timeout_s)) as client:
        check_server(client, target, datasets, params.batch_size)
    return target
