"""One run of one variant, from the first check to the metadata. It knows nothing of pytest (specification §4.2)."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from pytest_f07.endpoints.f07 import Client
from pytest_f07.equivalence.comparison import Equivalence, compare_all, compare_chosen
from pytest_f07.equivalence.infer import Sampled, sample_rows
from pytest_f07.equivalence.process import Oracle
from pytest_f07.equivalence.sampler import Questions
from pytest_f07.errors import F07Error
from pytest_f07.log.writer import PredictionLog
from pytest_f07.replay.process import ServerProcess, log_tail
from pytest_f07.replay.replay import Pace, Progress, replay
from pytest_f07.results.audit import audit
from pytest_f07.results.compare import Comparison, Earlier, compare_or_say_why
from pytest_f07.results.figures import draw_all
from pytest_f07.results.metrics import by_name, evaluate, to_csv
from pytest_f07.results.verdict import Loaded, Verdict, broken, judge
from pytest_f07.variant import manifest
from pytest_f07.variant.documents import to_json, write_whole
from pytest_f07.variant.listen import listen
from pytest_f07.variant.lock import take_variant
from pytest_f07.variant.params import Params
from pytest_f07.variant.paths import Outputs, Project
from pytest_f07.variant.seal import digest


class Run:
    """A checked variant, and what becomes of it.

    :param compare_with: another variant, whose complete run this one is held against.

    :raises F07Error: at construction, for whatever is wrong with variant, params, manifest, seal or package; nothing
        has been touched then.
    """

    def __init__(self, project: Project, variant: str, compare_with: str | None = None) -> None:
        self.project, self.paths = project, project.variant(variant)
        self.manifest = manifest.load(project, variant)
        where = project.show(self.paths.params)
        self.params = Params.read(self.paths.params, where)
        if self.params.parent_variant_f06 != self.manifest.package.name:
            raise F07Error(
                f"{where}: parent_variant_f06 is {self.params.parent_variant_f06}, and the manifest was made of "
                f"{self.manifest.package.name}; they must agree. Make a new variant: make variant7."
            )
        self.params.check_require(self.manifest.prediction_names, where)
        self.began = datetime.now(UTC)
        self.watch: Callable[[Progress], None] = lambda progress: None
        self.compare_with = compare_with
        self.earlier: Earlier | None = None
        self.compared: Comparison | None = None
        self.outputs: Outputs = self.paths
        self.nonce = secrets.token_hex(16)
        self.verdicts: dict[str, Verdict] = {}
        self.broken: str | None = None
        self.seconds: dict[str, float] = {}
        self.pace = Pace()
        self.identity: dict[str, Any] = {}
        self._seconds_taken = 0.0
        self._lock: int | None = None
        self.listener: socket.socket | None = None

    @property
    def variant(self) -> str:
        """The variant's name."""
        return self.paths.name

    def check(self) -> None:
        """All that can be wrong before a run: package, seal, lock, port. Nothing is touched."""
        self.manifest.check_seal()
        self.models = self.manifest.read_models()
        self.datasets = self.manifest.read_datasets(self.params.sample_size)
        if self.compare_with is not None:
            if self.compare_with == self.variant:
                raise F07Error(f"--f07-compare={self.variant} is the variant itself; name another one.")
            self.earlier = Earlier.read(self.project, self.compare_with, self.manifest.prediction_names)
        self._lock = take_variant(self.paths)
        self.listener = listen(self.params.host, self.params.port)

    def release(self) -> None:
        """Give port and lock back."""
        if self.listener is not None:
            self.listener.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def clean(self) -> None:
        """Step 1: drop what an earlier run wrote, the metadata first: without it nothing looks complete."""
        out = self.outputs
        out.metadata.unlink(missing_ok=True)
        for folder in (out.logs, out.metrics, out.report, out.runtime):
            if folder.is_symlink():
                folder.unlink()
            elif folder.exists():
                shutil.rmtree(folder)
            folder.mkdir(parents=True)
        out.figures.mkdir()

    def execute(self, server: ServerProcess) -> None:
        """Steps 2 to 6: start the server, replay, log, metrics, figures. A run that breaks says so in each verdict."""
        try:
            self._execute(server)
        except (F07Error, OSError, pa.ArrowException) as error:
            self.broken = " ".join(str(error).split())
            self.verdicts = {name: broken(name, self.broken) for name in self.manifest.prediction_names}

    def _execute(self, server: ServerProcess) -> None:
        host, port = self.params.host, self._port()
        names = tuple(self.manifest.prediction_names)
        client = Client(host, port, names, self.manifest.digest, self.nonce)
        with self._timed("start"):
            self.identity = server.start(client)
        sampled = Sampled.of(self.models)
        rows = sample_rows(self.datasets)
        progress = Progress(sum(dataset.rows for dataset in self.datasets))
        with self._oracle() as oracle:
            sample = oracle if self.params.equivalence == "sample" else None
            questions = Questions(sample, self.models, self.datasets, rows) if sample else None
            try:
                with (
                    self._timed("replay"),
                    PredictionLog(self.outputs.predictions_parquet, self.outputs.predictions_csv, names) as log,
                ):
                    answers = replay(client, self.datasets, self.params.batch_size, self.pace, server.wait_for_death)
                    for batch in answers:
                        log.add(batch)
                        sampled.keep(batch, rows.get(batch.dataset, []))
                        if questions:
                            questions.keep(batch)
                        progress = progress.after(batch)
                        self.watch(progress)
                with self._timed("infer"):
                    sampled.ask(client)
            finally:
                client.close()
            self._judge(sampled, oracle, questions)

    def _oracle(self) -> Oracle | nullcontext[None]:
        """The yardstick, whose start the server's does not wait for."""
        return nullcontext() if self.params.equivalence == "off" else Oracle(self.paths.manifest)

    def _judge(self, sampled: Sampled, oracle: Oracle | None, questions: Questions | None) -> None:
        parquet = self.outputs.predictions_parquet
        with self._timed("audit"):
            checked = audit(parquet, self.datasets, self.models)
        with self._timed("metrics"):
            metrics = evaluate(parquet, self.datasets, self.models)
        # Drawn and asked last, so that the oracle has had the time of all else to load and answer.
        with self._timed("figures"):
            draw_all(self.outputs, self.models, metrics, checked)
        with self._timed("oracle"):
            proven = self._equivalence(sampled, oracle, questions)
        loaded = self._loaded()
        verdicts = [
            judge(model, loaded[name], checked, metrics[name], sampled, self.params.required(name), proven.get(name))
            for model in self.models
            for name in [model.prediction_name]
        ]
        write_whole(self.outputs.metrics_csv, to_csv([verdict.row() for verdict in verdicts]))
        write_whole(self.outputs.metrics_json, to_json(by_name([verdict.row() for verdict in verdicts])))
        if self.earlier is not None:
            with self._timed("compare"):
                counted = {dataset.source_f04: dataset.rows for dataset in self.datasets}
                rows = {verdict.prediction_name: verdict.row() for verdict in verdicts}
                self.compared = compare_or_say_why(self.earlier, parquet, self.manifest.prediction_names, counted, rows)
        self.verdicts = {verdict.prediction_name: verdict for verdict in verdicts}

    def _equivalence(
        self, sampled: Sampled, oracle: Oracle | None, questions: Questions | None
    ) -> Mapping[str, Equivalence]:
        if questions:
            return compare_chosen(self.models, questions, sampled)
        if oracle:
            return compare_all(oracle, self.outputs.predictions_parquet, self.models, self.datasets, sampled)
        return {}

    def _loaded(self) -> dict[str, Loaded]:
        said = {one.get("prediction_name"): one for one in self.identity.get("loaded", [])}
        found = {}
        for model in self.models:
            one = said.get(model.prediction_name, {})
            found[model.prediction_name] = Loaded(
                sha256=str(one.get("sha256", "unknown")),
                expected=self._sealed(model.h5) or digest(model.h5),
                broken_layers=one.get("broken_layers", []),
                needs_a_code=bool(one.get("needs_a_code")),
            )
        return found

    def _sealed(self, path: Path) -> str | None:
        files = self.manifest.files
        return files[path.relative_to(self.manifest.package.folder).as_posix()]["sha256"] if files else None

    def _port(self) -> int:
        if self.listener is None:
            raise RuntimeError("check() takes the port")
        port: int = self.listener.getsockname()[1]
        return port

    def _timed(self, stage: str) -> _Stage:
        return _Stage(self.seconds, stage)

    @property
    def warnings(self) -> list[str]:
        """What a reader should know though it fails nothing."""
        found = [f"{v.prediction_name}: {warning}" for v in self.verdicts.values() for warning in v.warnings]
        if self.manifest.files is None:
            found.insert(0, f"the manifest of {self.variant} is not sealed (an older tool made it): nobody can tell "
                            "whether the package is the one it was made of")  # fmt: skip
        return found

    def take_seconds(self) -> float:
        """The wall time of all stages since it was last asked: it belongs to no item."""
        seconds = sum(self.seconds.values()) - self._seconds_taken
        self._seconds_taken += seconds
        return seconds

    def log_tail(self) -> list[str]:
        """The last lines of the server's log, where the run broke."""
        return log_tail(self.outputs.server_log) if self.broken else []


class _Stage:
    """Notes the wall time of one stage."""

    def __init__(self, seconds: dict[str, float], stage: str) -> None:
        self._seconds, self._stage = seconds, stage

    def __enter__(self) -> None:
        self._start = time.perf_counter()

    def __exit__(self, *exception: object) -> None:
        self._seconds[self._stage] = time.perf_counter() - self._start
