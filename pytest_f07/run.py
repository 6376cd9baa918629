"""One run of one variant, from the first check to the metadata. It knows nothing of pytest (specification §4.2)."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import urllib3

from pytest_f07.errors import F07Error
from pytest_f07.listen import listen
from pytest_f07.replay.client import Client
from pytest_f07.replay.log import PredictionLog
from pytest_f07.replay.process import ServerProcess, log_tail
from pytest_f07.replay.replay import Pace, replay
from pytest_f07.replay.sample import Sampled, sample_rows
from pytest_f07.results import metadata
from pytest_f07.results.audit import audit
from pytest_f07.results.compare import Comparison, Earlier, compare
from pytest_f07.results.f05 import F05
from pytest_f07.results.figures import Measured, draw_comparison, draw_confusion, draw_pace, draw_scores
from pytest_f07.results.metrics import evaluate, to_csv
from pytest_f07.results.report import Page
from pytest_f07.results.verdict import Loaded, Verdict, broken, judge
from pytest_f07.variant import manifest
from pytest_f07.variant.documents import to_json, write_whole
from pytest_f07.variant.params import Params
from pytest_f07.variant.paths import Outputs, Project
from pytest_f07.variant.seal import digest


@dataclass(frozen=True)
class Progress:
    """Where the replay is.

    :param dataset: the one being replayed; ``done`` of ``total`` windows of all are answered.
    """

    dataset: str
    done: int
    total: int
    windows_per_second: float

    @property
    def left(self) -> float:
        """Seconds it will still take at this pace."""
        return (self.total - self.done) / self.windows_per_second if self.windows_per_second else 0.0


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
        self._lock = self._take_lock()
        self.listener = listen(self.params.host, self.params.port)

    def _take_lock(self) -> int:
        """One run of a variant at a time: a lock on its folder, which leaves no file and dies with its holder."""
        handle = os.open(self.paths.folder, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            raise F07Error(f"variant {self.variant} is being run by another process; wait until it ends.") from None
        return handle

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
        except (F07Error, OSError, pa.ArrowException, urllib3.exceptions.HTTPError) as error:
            self.broken = " ".join(str(error).split())
            self.verdicts = {name: broken(name, self.broken) for name in self.manifest.prediction_names}

    def _execute(self, server: ServerProcess) -> None:
        host, port = self.params.host, self._port()
        names = tuple(self.manifest.prediction_names)
        client = Client(host, port, names, self.manifest.digest, self.nonce)
        with self._timed("start"):
            self.identity = server.start(client)
        sampled = Sampled({model.prediction_name: model.threshold for model in self.models})
        rows = sample_rows(self.datasets)
        done, total, begin = 0, sum(dataset.rows for dataset in self.datasets), time.perf_counter()
        try:
            with (
                self._timed("replay"),
                PredictionLog(self.outputs.predictions_parquet, self.outputs.predictions_csv, names) as log,
            ):
                for answered in replay(client, self.datasets, self.params.batch_size, self.pace, server.wait_for_death):
                    log.add(answered)
                    sampled.keep(answered, rows.get(answered.dataset.source_f04, []))
                    done += len(answered.windows)
                    pace = done / max(time.perf_counter() - begin, 1e-9)
                    self.watch(Progress(answered.dataset.source_f04, done, total, pace))
            with self._timed("infer"):
                sampled.ask(client)
        finally:
            client.close()
        self._judge(sampled)

    def _judge(self, sampled: Sampled) -> None:
        parquet = self.outputs.predictions_parquet
        with self._timed("audit"):
            checked = audit(parquet, self.datasets, self.models)
        with self._timed("metrics"):
            metrics = evaluate(parquet, self.datasets, self.models)
        loaded = self._loaded()
        verdicts = [
            judge(
                model,
                loaded[model.prediction_name],
                checked,
                metrics[model.prediction_name],
                sampled,
                self.params.required(model.prediction_name),
            )
            for model in self.models
        ]
        write_whole(self.outputs.metrics_csv, to_csv([verdict.row() for verdict in verdicts]))
        with self._timed("figures"):
            self._draw(verdicts)
        if self.earlier is not None:
            with self._timed("compare"):
                self.compared = self._compare(self.earlier, verdicts)
        self.verdicts = {verdict.prediction_name: verdict for verdict in verdicts}

    def _draw(self, verdicts: list[Verdict]) -> None:
        """The pictures under report/figures/."""
        out, measured = self.outputs, []
        for model, verdict in zip(self.models, verdicts, strict=True):
            metrics, found = verdict.metrics, verdict.found
            if metrics is None or found is None:
                continue
            out.confusion_png(model.prediction_name).write_bytes(draw_confusion(metrics))
            out.scores_png(model.prediction_name).write_bytes(draw_scores(metrics, found.scores))
            here = {"precision": metrics.precision, "recall": metrics.recall, "f1": metrics.f1}
            measured.append(Measured(model.prediction_name, here, F05.of(model.summary).metrics))
        out.comparison_png.write_bytes(draw_comparison(measured))

    def _compare(self, earlier: Earlier, verdicts: list[Verdict]) -> Comparison:
        """What changed; a log that cannot be read any more is said to be so and breaks nothing."""
        rows = {dataset.source_f04: dataset.rows for dataset in self.datasets}
        metrics = {verdict.prediction_name: verdict.row() for verdict in verdicts}
        try:
            return compare(earlier, self.outputs.predictions_parquet, self.manifest.prediction_names, rows, metrics)
        except (F07Error, OSError, pa.ArrowException) as error:
            reason = " ".join(str(error).split())
            note = f"{earlier.variant} cannot be compared: {reason}."
            return Comparison(earlier.variant, earlier.package, earlier.timestamp, notes=[note])

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

    def provenance(self) -> dict[str, str]:
        """What was validated, with what, for the report."""
        found = metadata.versions(self.identity.get("versions", {}))
        software = {
            f"{side} {name}": version for side in ("client", "server") for name, version in found.pop(side).items()
        }
        return {
            "variant": self.variant,
            "package": self.manifest.package.name,
            "sealed": "no" if self.manifest.files is None else f"yes, {len(self.manifest.files)} files",
            "manifest sha256": self.manifest.digest,
            "git commit": metadata.git_commit(self.project.root),
            "batch_size": str(self.params.batch_size),
            "sample_size": str(self.params.sample_size or "all rows"),
            **({"require": json.dumps(self.params.require)} if self.params.require else {}),
            **found,
            **software,
        }

    def log_tail(self) -> list[str]:
        """The last lines of the server's log, where the run broke."""
        return log_tail(self.outputs.server_log) if self.broken else []

    def pictures(self, prediction_name: str) -> dict[str, bytes]:
        """One model's pictures, as PNG; none where the run broke before they were drawn."""
        out = self.outputs
        paths = {"confusion": out.confusion_png(prediction_name), "scores": out.scores_png(prediction_name)}
        return {kind: path.read_bytes() for kind, path in paths.items()} if self._drawn else {}

    @property
    def _drawn(self) -> bool:
        return self.outputs.comparison_png.is_file()

    def page(self, note: str | None) -> Page:
        """What the report tells.

        :param note: why the run does not count; None where it is whole.
        """
        failed = any(verdict.failures for verdict in self.verdicts.values())
        counts = self._counts() if self.verdicts and not self.broken else {}
        timed = [(*taken, latency) for taken, latency in zip(self.pace.taken, self.pace.latencies, strict=True)]
        return Page(
            variant=self.variant,
            package=self.manifest.package.name,
            models=self.models,
            verdicts=self.verdicts,
            expected=len(self.manifest.prediction_names),
            note=note,
            began=f"{self.began:%Y-%m-%d %H:%M:%S} UTC",
            seconds=(datetime.now(UTC) - self.began).total_seconds(),
            counts=counts,
            windows_per_second=self._windows_per_second(),
            latency=metadata.latency(self.pace.latencies),
            requests=len(self.pace.latencies),
            warnings=self.warnings,
            log_tail=log_tail(self.outputs.server_log) if failed else [],
            provenance=self.provenance(),
            files=self.manifest.files or {},
            comparison_png=self.outputs.comparison_png.read_bytes() if self._drawn else None,
            pace_png=draw_pace(timed) if timed else None,
            compared=self.compared,
        )

    def _counts(self) -> dict[str, int]:
        windows = sum(dataset.rows for dataset in self.datasets)
        return {"windows": windows, "predictions": windows * len(self.models)}

    def _windows_per_second(self) -> float:
        windows = sum(windows for _, windows in self.pace.taken)
        return round(windows / self.pace.seconds, 1) if self.pace.seconds else 0.0

    def finish(self) -> None:
        """Step 8, last of all: the metadata, which says that the run is complete."""
        rows = {dataset.source_f04: dataset.rows for dataset in self.datasets}
        facts = {
            "counts": {**self._counts(), "rows": rows},
            "versions": metadata.versions(self.identity.get("versions", {})),
            "throughput": {
                "requests": len(self.pace.latencies),
                "windows_per_second": self._windows_per_second(),
            },
            "latency": metadata.latency(self.pace.latencies),
            "seconds": {stage: round(seconds, 3) for stage, seconds in self.seconds.items()},
            "warnings": self.warnings,
        }
        inputs = [self.paths.params, self.paths.manifest, *(found.path for found in self.datasets)]
        document = metadata.document(
            self.project, self.outputs, self.variant, self.manifest.package.name, inputs, self.params.document(),
            self.verdicts, facts,
        )  # fmt: skip
        write_whole(self.outputs.metadata, to_json(document))


class _Stage:
    """Notes the wall time of one stage."""

    def __init__(self, seconds: dict[str, float], stage: str) -> None:
        self._seconds, self._stage = seconds, stage

    def __enter__(self) -> None:
        self._start = time.perf_counter()

    def __exit__(self, *exception: object) -> None:
        self._seconds[self._stage] = time.perf_counter() - self._start
