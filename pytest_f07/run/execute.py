"""Run one variant, from the server's start to the verdicts (specification §4.2); nothing here knows pytest."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from pytest_f07.endpoints.endpoint import Provides
from pytest_f07.equivalence.again import AgainCheck
from pytest_f07.equivalence.child import OracleProcess
from pytest_f07.equivalence.infer import InferCheck, infer_rows
from pytest_f07.equivalence.prover import OracleAnswers, Prover
from pytest_f07.errors import BrokenRun, F07Error, one_line
from pytest_f07.log.writer import PredictionLog
from pytest_f07.replay.replay import Progress, Timings
from pytest_f07.replay.server import Server
from pytest_f07.replay.shards import Shard, cut_shards
from pytest_f07.results.accounting import recount_faults
from pytest_f07.results.artefacts import clean, write_metrics
from pytest_f07.results.assess import assess_all
from pytest_f07.results.code_changes import add_code_changes
from pytest_f07.results.comparison.baselines import compare_with_all
from pytest_f07.results.comparison.compare import Comparison
from pytest_f07.results.comparison.flips import RunLog
from pytest_f07.results.comparison.model_record import record_model
from pytest_f07.results.comparison.paired_comparison import ComparedRun
from pytest_f07.results.counting import LogCounts, count_log
from pytest_f07.results.judgement import judge_all
from pytest_f07.results.oracle_examples import add_oracle_examples
from pytest_f07.results.resumed import Resumed
from pytest_f07.results.run_figures import FigureDrawer
from pytest_f07.results.run_result import RunResult
from pytest_f07.results.verdict import Verdict, broken_verdict
from pytest_f07.results.workers import Workers
from pytest_f07.run.parts import Parts, describe_run
from pytest_f07.run.prepare import Prepared
from pytest_f07.run.replayer import LocalReplayer, Replayer
from pytest_f07.variant.documents import to_json, write_atomic
from pytest_f07.variant.paths import Outputs
from pytest_f07.variant.temporal import dependent_rows
from pytest_f07.windows import BatchResult


@dataclass
class _Record:
    """The values of a result that a run fills in one by one; a run that breaks leaves what it had."""

    verdicts: dict[str, Verdict] = field(default_factory=dict)
    identity: dict[str, Any] = field(default_factory=dict)
    provides: Provides | None = None
    timings: Timings = field(default_factory=Timings)
    stage_seconds: dict[str, float] = field(default_factory=dict)
    comparison: Comparison | None = None
    resumed: Resumed | None = None
    workers: Workers | None = None
    records: dict[str, dict[str, Any]] = field(default_factory=dict)

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
    oracle: OracleProcess,
    outputs: Outputs,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    replayer: Replayer | None = None,
) -> RunResult:
    """Run a variant: clean, start the server, replay, log, count, draw (specification §4.2, steps 1 to 6).

    :param oracle: its process, started or not.
    :param outputs: where the artefacts go; what an earlier run left there is removed.
    :param on_progress: called after each batch.
    :param replayer: who replays the shards; None: this process does, through ``server``.
    :returns: the result; where the run broke, each verdict says why, and nothing is raised.
    """
    record, reason = _Record(), None
    try:
        clean(outputs, keep_parts=prepared.resume)
        used = replayer or LocalReplayer(prepared, server)
        _Execution(prepared, used, oracle, outputs, on_progress, record).validate()
    except (F07Error, OSError, pa.ArrowException) as error:
        reason = one_line(str(error))
        record.verdicts = {name: broken_verdict(name, reason) for name in prepared.manifest.prediction_names}
    return replace(prepared.no_result(outputs), broken=reason, **vars(record))


@dataclass(frozen=True)
class _Execution:
    """The stages of one run."""

    prepared: Prepared
    replayer: Replayer
    oracle: OracleProcess
    outputs: Outputs
    on_progress: Callable[[Progress], None]
    record: _Record

    def validate(self) -> None:
        """Start the server, replay, ask ``/infer``, and judge."""
        prepared, record = self.prepared, self.record
        names = tuple(prepared.manifest.prediction_names)
        params = prepared.params
        replayer = self.replayer
        shards = cut_shards(prepared.datasets, len(names), params.batch_size)
        with (
            Prover(self.oracle, params, prepared.models, prepared.datasets) as prover,
            FigureDrawer(len(names)) as drawer,
        ):
            try:
                with record.stage("start"):
                    record.identity |= replayer.start()
                record.provides = replayer.provides
                # Without a route for one window, no row is asked about alone.
                rows = infer_rows(prepared.datasets) if replayer.provides.single else {}
                tolerance = params.equivalence.tolerance
                infer_check = InferCheck(prepared.models, rows, tolerance)
                again_check = AgainCheck(prepared.models, tolerance)
                parts = self._replay(shards, (infer_check.add, again_check.add))
                with record.stage("infer"):
                    infer_check, again_check = replayer.ask_again(infer_check, again_check)
                record.workers = replayer.workers
            finally:
                replayer.close()
            log = parts.folder if parts.is_log else self.outputs.predictions_parquet
            self._judge(log, shards, infer_check, again_check, prover, drawer)
        if parts.is_log:
            parts.leave(self.outputs.predictions_parquet)
        shutil.rmtree(self.outputs.parts, ignore_errors=True)

    def _replay(self, shards: list[Shard], on_batch: Sequence[Callable[[BatchResult], None]]) -> Parts:
        """Replay the shards, and return their parts of the log."""
        prepared, provides = self.prepared, self.replayer.provides
        names = tuple(prepared.manifest.prediction_names)
        paths = self.outputs.predictions_parquet, self.outputs.predictions_csv
        progress = Progress(sum(dataset.rows for dataset in prepared.datasets))

        def take(batch: BatchResult) -> None:
            nonlocal progress
            for use in uses:
                use(batch)
            progress = progress.after(batch, self.replayer.status)
            self.on_progress(progress)

        run = describe_run(prepared.manifest, prepared.params, prepared.models, self.record.identity, provides.scores)
        parts = Parts(self.outputs.parts, run, len(names), len(shards), prepared.params.log == "parts")
        parts.begin()
        uses = list(on_batch)
        try:
            with self.record.stage("replay"), ExitStack() as stack:
                if not parts.is_log:
                    uses.append(stack.enter_context(PredictionLog(*paths, names, provides.scores)).add)
                self.record.timings = self.replayer.replay(shards, parts, take)
        finally:
            if prepared.resume:
                self.record.resumed = Resumed(len(shards), parts.taken, tuple(parts.refused))
        return parts

    def _judge(
        self,
        parquet: Path,
        shards: list[Shard],
        infer_check: InferCheck,
        again_check: AgainCheck,
        prover: Prover,
        drawer: FigureDrawer,
    ) -> None:
        prepared, outputs, record = self.prepared, self.outputs, self.record
        models, datasets = prepared.models, prepared.datasets
        dependent = dependent_rows(prepared.manifest.package)
        with record.stage("metrics"):
            counts = count_log(parquet, shards, datasets, models, dependent, self.replayer.counted)
        # The figures are drawn and the oracle answers while the log is counted again.
        drawer.begin(outputs, models, counts)
        with record.stage("recount"):
            differences = recount_faults(prepared.manifest, parquet, counts)
        with record.stage("oracle"):
            if prover.is_waited_for:
                windows = sum(dataset.rows for dataset in datasets)
                self.on_progress(Progress(windows, done=windows, is_oracle_awaited=True))
            answers = prover.wait()
        with record.stage("proof"):
            equivalence = prover.compare(parquet, shards, answers)
        if answers is not None:
            with record.stage("codes"):
                self._explain(parquet, shards, counts, prover, answers)
        read = None if answers is None else answers.models
        identity, checks = record.identity, (counts, infer_check, again_check, equivalence, read, differences)
        record.verdicts = judge_all(
            prepared.manifest, prepared.params, models, identity, record.provides or Provides(), *checks
        )
        log = RunLog(parquet, tuple(record.verdicts), {dataset.source_f04: dataset.rows for dataset in datasets})
        with record.stage("assessment"):
            assess_all(record.verdicts, models, counts.blocks, dependent is None)
        record.records = {model.prediction_name: record_model(model, prepared.manifest) for model in models}
        if prepared.baselines:
            with record.stage("compare"):
                metrics = {name: verdict.row() for name, verdict in record.verdicts.items()}
                codes = {name: verdict.codes for name, verdict in record.verdicts.items()}
                server = prepared.target.describe()
                run = ComparedRun(log, metrics, codes, datasets, record.records, dependent, server)
                record.comparison = compare_with_all(prepared.baselines, prepared.params, run, record.verdicts)
                write_atomic(outputs.comparison_json, to_json(record.comparison.document()))
        write_metrics(outputs, list(record.verdicts.values()))
        with record.stage("figures"):
            drawer.wait()

    def _explain(
        self, parquet: Path, shards: list[Shard], counts: LogCounts, prover: Prover, answers: OracleAnswers
    ) -> None:
        """Let the oracle say of the most wrong rows which codes count."""
        models, audits = self.prepared.models, counts.audits
        if not all(audit.has_scores for audit in audits.values()):
            add_oracle_examples(parquet, shards, models, audits, lambda windows: prover.look_up(windows, answers))
        # Everything is proven by now: where the oracle dies over this, the report does without.
        with suppress(BrokenRun):
            add_code_changes(models, audits, prover.ask_windows, prover.budget_left())
