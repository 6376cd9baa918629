"""One run of one variant, from the first check to the verdicts. It knows nothing of pytest (specification §4.2)."""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from pytest_f07.endpoints.f07 import Client
from pytest_f07.equivalence.index import WindowIndex, build_index
from pytest_f07.equivalence.infer import InferCheck, infer_rows
from pytest_f07.equivalence.process import Oracle, wait_for_answer
from pytest_f07.equivalence.proof import Yardstick, prove_log
from pytest_f07.equivalence.questions import Questions
from pytest_f07.errors import F07Error
from pytest_f07.log.writer import PredictionLog
from pytest_f07.replay.process import ServerProcess
from pytest_f07.replay.replay import Progress, Timings, replay_shard
from pytest_f07.replay.shards import Shard, cut_shards
from pytest_f07.results.artefacts import clean, write_metrics
from pytest_f07.results.compare import BaselineRun, Comparison, try_compare
from pytest_f07.results.counting import count_log
from pytest_f07.results.figures import draw_all
from pytest_f07.results.identity import served_models
from pytest_f07.results.metric_table import LIMITS
from pytest_f07.results.run_result import RunResult
from pytest_f07.results.verdict import Verdict, broken, judge
from pytest_f07.variant import disk, manifest
from pytest_f07.variant.dataset import Dataset
from pytest_f07.variant.listen import listen
from pytest_f07.variant.lock import lock_variant
from pytest_f07.variant.manifest import Manifest
from pytest_f07.variant.package import Model
from pytest_f07.variant.params import Params
from pytest_f07.variant.paths import Outputs, Project
from pytest_f07.windows import BatchResult


@dataclass(frozen=True)
class ManagedTarget:
    """The server that the run starts.

    :param listener: the listening socket that it inherits.
    :param nonce: this run's; an answer without it is somebody else's.
    """

    host: str
    port: int
    listener: socket.socket
    nonce: str


@dataclass(frozen=True)
class Prepared:
    """A variant that was checked and can be run; it holds the variant's lock and the port.

    :param baseline: the earlier run that this one is compared with, or None.
    :param lock: the handle of the variant's lock.
    """

    manifest: Manifest
    params: Params
    models: tuple[Model, ...]
    datasets: tuple[Dataset, ...]
    baseline: BaselineRun | None
    target: ManagedTarget
    lock: int
    began: datetime

    def release(self) -> None:
        """Give port and lock back."""
        self.target.listener.close()
        os.close(self.lock)

    def no_result(self, outputs: Outputs) -> RunResult:
        """Return what is known of a run that was not executed, or interrupted."""
        return RunResult(
            manifest=self.manifest, params=self.params, models=self.models, datasets=self.datasets, outputs=outputs,
            began=self.began, verdicts={}, broken=None, identity={}, timings=Timings(), stage_seconds={},
            comparison=None,
        )  # fmt: skip


def load(project: Project, variant: str) -> tuple[Manifest, Params]:
    """Read a variant's manifest and parameters.

    :raises F07Error: where one of them is missing, wrong, or not of the other.
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


def prepare(project: Project, variant: str, compare_with: str | None = None) -> Prepared:
    """Check all that can be wrong before a run: package, seal, parameters, lock, disk, port. Touch nothing.

    :param compare_with: another variant, whose complete run this one is compared with.
    :raises F07Error: for whatever is wrong.
    """
    began = datetime.now(UTC)
    loaded, params = load(project, variant)
    loaded.check_seal()
    models, datasets = tuple(loaded.read_models()), tuple(loaded.read_datasets(params.sample_size))
    baseline = None
    if compare_with is not None:
        if compare_with == variant:
            raise F07Error(f"--f07-compare={variant} is the variant itself; name another one.")
        baseline = BaselineRun.read(project, compare_with, loaded.prediction_names)
    lock = lock_variant(loaded.paths)
    try:
        disk.check(loaded.paths, datasets, loaded.prediction_names)
        listener = listen(params.host, params.port)
    except BaseException:
        os.close(lock)
        raise
    target = ManagedTarget(params.host, listener.getsockname()[1], listener, secrets.token_hex(16))
    return Prepared(loaded, params, models, datasets, baseline, target, lock, began)


@dataclass
class _Record:
    """What a run has come to know, also where it breaks."""

    identity: dict[str, Any] = field(default_factory=dict)
    timings: Timings = field(default_factory=Timings)
    stage_seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Note the wall time of one stage."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.stage_seconds[name] = time.perf_counter() - begin


def execute(
    prepared: Prepared, server: ServerProcess, outputs: Outputs,
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> RunResult:  # fmt: skip
    """Run a variant: clean, start the server, replay, log, count, draw (specification §4.2, steps 1 to 6).

    A run that breaks raises nothing: its result says why, in each verdict.

    :param outputs: where the artefacts go; what an earlier run left there is removed.
    :param on_progress: called after each batch.
    """
    record = _Record()
    comparison, reason = None, None
    try:
        clean(outputs)
        verdicts, comparison = _Execution(prepared, outputs, record).validate(server, on_progress)
    except (F07Error, OSError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())
        verdicts = {name: broken(name, reason) for name in prepared.manifest.prediction_names}
    return replace(
        prepared.no_result(outputs),
        verdicts=verdicts,
        broken=reason,
        identity=record.identity,
        timings=record.timings,
        stage_seconds=record.stage_seconds,
        comparison=comparison,
    )


@dataclass(frozen=True)
class _Execution:
    """The stages of one run."""

    prepared: Prepared
    outputs: Outputs
    record: _Record

    def validate(
        self, server: ServerProcess, on_progress: Callable[[Progress], None]
    ) -> tuple[dict[str, Verdict], Comparison | None]:
        """Start the server, replay and judge."""
        prepared, record = self.prepared, self.record
        names = tuple(prepared.manifest.prediction_names)
        target, timeout = prepared.target, prepared.params.timeout_s
        client = Client(target.host, target.port, names, prepared.manifest.digest, target.nonce, timeout)
        with ThreadPoolExecutor(1, thread_name_prefix="f07-index") as thread:
            indexing = thread.submit(self._build_index)
            with record.stage("start"):
                record.identity |= server.start(client)
            index = indexing.result()
        thresholds = {model.prediction_name: model.threshold for model in prepared.models}
        infer_check = InferCheck(thresholds, infer_rows(prepared.datasets))
        shards = cut_shards(prepared.datasets, len(names), prepared.params.batch_size)
        is_off = prepared.params.equivalence.mode == "off"
        with nullcontext() if is_off else Oracle(prepared.manifest.paths.manifest, names) as oracle:
            questions = None if oracle is None else Questions(oracle, index, prepared.datasets)
            try:
                self._replay(client, server, shards, infer_check, on_progress)
                with record.stage("infer"):
                    infer_check.ask(client)
            finally:
                client.close()
            return self._judge(shards, infer_check, index, oracle, questions)

    def _build_index(self) -> WindowIndex:
        params, models = self.prepared.params, self.prepared.models
        vocabularies = [model.vectorization.vocabulary for model in models]
        most = params.equivalence.most_windows(len(models))
        return build_index(self.prepared.datasets, vocabularies, most, params.batch_size)

    def _replay(
        self, client: Client, server: ServerProcess, shards: list[Shard],
        infer_check: InferCheck, on_progress: Callable[[Progress], None],
    ) -> None:  # fmt: skip
        outputs, batch_size = self.outputs, self.prepared.params.batch_size
        progress = Progress(sum(dataset.rows for dataset in self.prepared.datasets))

        def take(batch: BatchResult) -> None:
            nonlocal progress
            log.add(batch)
            infer_check.add(batch)
            progress = progress.after(batch)
            on_progress(progress)

        with (
            self.record.stage("replay"),
            PredictionLog(outputs.predictions_parquet, outputs.predictions_csv, client.names) as log,
        ):
            for shard in shards:
                timings = replay_shard(client, shard, batch_size, take, server.wait_for_exit)
                self.record.timings = self.record.timings.merge(timings)

    def _judge(
        self, shards: list[Shard], infer_check: InferCheck, index: WindowIndex,
        oracle: Oracle | None, questions: Questions | None,
    ) -> tuple[dict[str, Verdict], Comparison | None]:  # fmt: skip
        prepared, outputs, record = self.prepared, self.outputs, self.record
        parquet, models, datasets = outputs.predictions_parquet, prepared.models, prepared.datasets
        with record.stage("metrics"):
            counts = count_log(parquet, shards, datasets, models)
        # Drawn and asked last, so that the oracle has had the time of all else to load and answer.
        with record.stage("figures"):
            draw_all(outputs, models, counts)
        with record.stage("oracle"):
            read = None if oracle is None else wait_for_answer(oracle.models)
            scores = None if questions is None else questions.scores(len(models))
        with record.stage("proof"):
            yardstick = Yardstick(index, scores, prepared.params.equivalence.tolerance, prepared.params.batch_size)
            equivalence = prove_log(parquet, models, datasets, yardstick)
        served = served_models(record.identity, prepared.manifest, models, read)
        verdicts = {
            name: judge(model, served[name], counts, infer_check, prepared.params.required(name), equivalence[name])
            for model in models
            for name in [model.prediction_name]
        }
        write_metrics(outputs, list(verdicts.values()))
        if prepared.baseline is None:
            return verdicts, None
        with record.stage("compare"):
            rows = {dataset.source_f04: dataset.rows for dataset in datasets}
            metrics = {name: verdict.row() for name, verdict in verdicts.items()}
            return verdicts, try_compare(prepared.baseline, parquet, list(verdicts), rows, metrics)
