"""One run of one variant, from the first check to the metadata. It knows nothing of pytest (specification §4.2)."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import time
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
from pytest_f07.results.figures import draw_confusion
from pytest_f07.results.metrics import by_name, evaluate, to_csv
from pytest_f07.results.verdict import Loaded, Verdict, broken, judge
from pytest_f07.variant import manifest
from pytest_f07.variant.documents import to_json, write_whole
from pytest_f07.variant.lock import take_variant
from pytest_f07.variant.params import Params
from pytest_f07.variant.paths import Outputs, Project
from pytest_f07.variant.seal import digest


class Run:
    """A checked variant, and what becomes of it.

    :raises F07Error: at construction, for whatever is wrong with variant, params, manifest, seal or package; nothing
        has been touched then.
    """

    def __init__(self, project: Project, variant: str) -> None:
        self.project, self.paths = project, project.variant(variant)
        self.manifest = manifest.load(project, variant)
        where = project.show(self.paths.params)
        self.params = Params.read(self.paths.params, where)
        if self.params.parent_variant_f06 != self.manifest.package.name:
            raise F07Error(
                f"{where}: parent_variant_f06 is {self.params.parent_variant_f06}, and the manifest was made of "
                f"{self.manifest.package.name}; they must agree. Make a new variant: make variant7."
            )
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
        try:
            with (
                self._timed("replay"),
                PredictionLog(self.outputs.predictions_parquet, self.outputs.predictions_csv, names) as log,
            ):
                for answered in replay(client, self.datasets, self.params.batch_size, self.pace, server.wait_for_death):
                    log.add(answered)
                    sampled.keep(answered, rows.get(answered.dataset.source_f04, []))
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
            judge(model, loaded[model.prediction_name], checked, metrics[model.prediction_name], sampled)
            for model in self.models
        ]
        rows = [verdict.row() for verdict in verdicts]
        write_whole(self.outputs.metrics_csv, to_csv(rows))
        write_whole(self.outputs.metrics_json, to_json(by_name(rows)))
        with self._timed("figures"):
            for name, found in metrics.items():
                draw_confusion(found, self.outputs.confusion_png(name))
        self.verdicts = {verdict.prediction_name: verdict for verdict in verdicts}

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
        software = {**metadata.versions({}), **{f"server {k}": v for k, v in self.identity.get("versions", {}).items()}}
        return {
            "variant": self.variant,
            "package": self.manifest.package.name,
            "sealed": "no" if self.manifest.files is None else f"yes, {len(self.manifest.files)} files",
            "manifest sha256": self.manifest.digest,
            "git commit": metadata.git_commit(self.project.root),
            "batch_size": str(self.params.batch_size),
            "sample_size": str(self.params.sample_size or "all rows"),
            **{name: found for name, found in software.items() if isinstance(found, str)},
        }

    def log_tail(self) -> list[str]:
        """The last lines of the server's log, where the run broke."""
        return log_tail(self.outputs.server_log) if self.broken else []

    def finish(self) -> None:
        """Step 8, last of all: the metadata, which says that the run is complete."""
        rows = {dataset.source_f04: dataset.rows for dataset in self.datasets}
        windows = sum(rows.values())
        facts = {
            "manifest": {"sha256": self.manifest.digest},
            "counts": {"windows": windows, "predictions": windows * len(self.models), "rows": rows},
            "versions": metadata.versions(self.identity.get("versions", {})),
            "throughput": {
                "requests": len(self.pace.latencies),
                "windows_per_second": round(windows / self.pace.seconds, 1) if self.pace.seconds else 0.0,
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
