"""Run one variant, from the first check to the verdicts (specification §4.2); nothing here knows pytest."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from pytest_f07.endpoints.connect import connect
from pytest_f07.endpoints.endpoint import Endpoint
from pytest_f07.endpoints.target import ManagedTarget, Target, UrlTarget, first_difference
from pytest_f07.equivalence.infer import InferCheck, infer_rows
from pytest_f07.equivalence.prover import Prover
from pytest_f07.errors import BrokenRun, F07Error
from pytest_f07.log.writer import PredictionLog
from pytest_f07.replay.preflight import check_server
from pytest_f07.replay.replay import Progress, Timings, replay_shard
from pytest_f07.replay.server import Server
from pytest_f07.replay.shards import Shard, cut_shards
from pytest_f07.results.accounting import recount_faults
from pytest_f07.results.artefacts import clean, write_metrics
from pytest_f07.results.baseline import BaselineRun
from pytest_f07.results.compare import Comparison, try_compare
from pytest_f07.results.counting import count_log
from pytest_f07.results.figures import draw_all
from pytest_f07.results.flips import RunLog
from pytest_f07.results.judgement import judge_all
from pytest_f07.results.metric_table import LIMITS
from pytest_f07.results.run_result import RunResult
from pytest_f07.results.verdict import Verdict, broken_verdict
from pytest_f07.variant import disk, manifest
from pytest_f07.variant.address import Address
from pytest_f07.variant.coherence import incoherences
from pytest_f07.variant.dataset import Dataset
from pytest_f07.variant.listen import listen
from pytest_f07.variant.lock import lock_variant
from pytest_f07.variant.manifest import Manifest
from pytest_f07.variant.package import Model
from pytest_f07.variant.params import Params
from pytest_f07.variant.paths import Outputs, Project
from pytest_f07.windows import BatchResult


@dataclass(frozen=True)
class Prepared:
    """A variant that is checked and can be run; it holds the variant's lock and the port of its server.

    :param incoherences: a sentence for each thing in the package that contradicts itself.
    :param baseline: the earlier run that this one is compared with, or None.
    :param lock: the file descriptor of the variant's lock.
    :param began: when the check began, in UTC.
    """

    manifest: Manifest
    params: Params
    models: tuple[Model, ...]
    datasets: tuple[Dataset, ...]
    incoherences: tuple[str, ...]
    baseline: BaselineRun | None
    target: Target
    lock: int
    began: datetime

    def release(self) -> None:
        """Release port and lock."""
        self.target.release()
        os.close(self.lock)

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
            f"{loaded.package.name}; they must agree. Make a new variant: make variant7."
        )
    params.check_require(LIMITS, loaded.prediction_names, where)
    return loaded, params


def prepare(
    project: Project,
    variant: str,
    compare_with: str | None = None,
    server_url: str | None = None,
    protocol: str | None = None,
) -> Prepared:
    """Check package, seal, parameters, lock, disk and server before a run; change no file.

    :param compare_with: another variant, whose complete run this one is compared with.
    :param server_url: a server that is already there, in place of what params.yaml says; ``protocol`` what it speaks.
    :raises F07Error: for the first thing that is wrong.
    """
    began = datetime.now(UTC)
    loaded, params = load(project, variant)
    loaded.check_seal()
    models, datasets = tuple(loaded.read_models()), tuple(loaded.read_datasets(params.sample_size))
    contradictions = tuple(incoherences(loaded.package, models, loaded.read_datasets(None)))
    baseline = None
    if compare_with is not None:
        if compare_with == variant:
            raise F07Error(f"--f07-compare={variant} is the variant itself; name another one.")
        baseline = BaselineRun.read(project, compare_with, loaded.prediction_names)
    lock = lock_variant(loaded.paths)
    try:
        disk.check(loaded.paths, datasets, loaded.prediction_names)
        target = _find_server(loaded, params, params.address.override(server_url, protocol), models, datasets)
    except BaseException:
        os.close(lock)
        raise
    return Prepared(loaded, params, models, datasets, contradictions, baseline, target, lock, began)


def _find_server(
    loaded: Manifest, params: Params, address: Address, models: Sequence[Model], datasets: Sequence[Dataset]
) -> Target:
    """Open the port of the run's own server, or ask the one that is already there."""
    where = loaded.project.show(loaded.paths.params)
    address.check(loaded.prediction_names, where)
    if address.url is None:
        listener = listen(params.host, params.port)
        return ManagedTarget(params.host, listener.getsockname()[1], listener, secrets.token_hex(16))
    target = UrlTarget.of(address, loaded.project.root, where)
    with closing(connect(target, models, loaded.digest, params.timeout_s)) as client:
        check_server(client, target, datasets, params.batch_size)
    return target


@dataclass
class _Record:
    """The values of a result that a run fills in one by one; a run that breaks leaves what it had."""

    verdicts: dict[str, Verdict] = field(default_factory=dict)
    identity: dict[str, Any] = field(default_factory=dict)
    timings: Timings = field(default_factory=Timings)
    stage_seconds: dict[str, float] = field(default_factory=dict)
    comparison: Comparison | None = None

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure the wall time of one stage."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.stage_seconds[name] = time.perf_counter() - begin


def execute(
    prepared: Prepared,
    server: Server,
    outputs: Outputs,
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> RunResult:
    """Run a variant: clean, start the server, replay, log, count, draw (specification §4.2, steps 1 to 6).

    :param outputs: where the artefacts go; what an earlier run left there is removed.
    :param on_progress: called after each batch.
    :returns: the result; where the run broke, each verdict says why, and nothing is raised.
    """
    record, reason = _Record(), None
    try:
        clean(outputs)
        _Execution(prepared, server, outputs, on_progress, record).validate()
    except (F07Error, OSError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())
        record.verdicts = {name: broken_verdict(name, reason) for name in prepared.manifest.prediction_names}
    return replace(prepared.no_result(outputs), broken=reason, **vars(record))


@dataclass(frozen=True)
class _Execution:
    """The stages of one run."""

    prepared: Prepared
    server: Server
    outputs: Outputs
    on_progress: Callable[[Progress], None]
    record: _Record

    def validate(self) -> None:
        """Start the server, replay, ask ``/infer``, and judge."""
        prepared, record = self.prepared, self.record
        names = tuple(prepared.manifest.prediction_names)
        params = prepared.params
        client = connect(prepared.target, prepared.models, prepared.manifest.digest, params.timeout_s)
        infer_check = InferCheck(prepared.models, infer_rows(prepared.datasets))
        shards = cut_shards(prepared.datasets, len(names), params.batch_size)
        with Prover(prepared.manifest.paths.manifest, params, prepared.models, prepared.datasets) as prover:
            with record.stage("start"):
                record.identity |= self.server.start(client)
            try:
                self._replay(client, shards, infer_check)
                with record.stage("infer"):
                    infer_check.ask(client)
                    _check_unchanged(record.identity, client.identity())
            finally:
                client.close()
            self._judge(shards, infer_check, prover)

    def _replay(self, client: Endpoint[Any], shards: list[Shard], infer_check: InferCheck) -> None:
        outputs, batch_size = self.outputs, self.prepared.params.batch_size
        progress = Progress(sum(dataset.rows for dataset in self.prepared.datasets))

        def take(batch: BatchResult) -> None:
            nonlocal progress
            log.add(batch)
            infer_check.add(batch)
            progress = progress.after(batch)
            self.on_progress(progress)

        with (
            self.record.stage("replay"),
            PredictionLog(outputs.predictions_parquet, outputs.predictions_csv, client.names) as log,
        ):
            for shard in shards:
                timings = replay_shard(client, shard, batch_size, take, self.server.wait_for_exit)
                self.record.timings = self.record.timings.merge(timings)

    def _judge(self, shards: list[Shard], infer_check: InferCheck, prover: Prover) -> None:
        prepared, outputs, record = self.prepared, self.outputs, self.record
        parquet, models, datasets = outputs.predictions_parquet, prepared.models, prepared.datasets
        with record.stage("metrics"):
            counts = count_log(parquet, shards, datasets, models)
        # The oracle is awaited last: it loads and answers while everything else goes on.
        with record.stage("figures"):
            draw_all(outputs, models, counts)
        with record.stage("recount"):
            differences = recount_faults(prepared.manifest, parquet, counts)
        with record.stage("oracle"):
            answers = prover.wait()
        with record.stage("proof"):
            equivalence = prover.compare(parquet, answers)
        read = None if answers is None else answers.models
        identity, checks = record.identity, (counts, infer_check, equivalence, read, differences)
        record.verdicts = judge_all(prepared.manifest, prepared.params, models, identity, *checks)
        write_metrics(outputs, list(record.verdicts.values()))
        if prepared.baseline is None:
            return
        with record.stage("compare"):
            log = RunLog(parquet, tuple(record.verdicts), {dataset.source_f04: dataset.rows for dataset in datasets})
            metrics = {name: verdict.row() for name, verdict in record.verdicts.items()}
            record.comparison = try_compare(prepared.baseline, log, metrics)


def _check_unchanged(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Raise :class:`BrokenRun` where the server is another one than at the start."""
    if difference := first_difference(before, after):
        raise BrokenRun(f"the server changed during the run: {difference}; nothing that it answered counts")
