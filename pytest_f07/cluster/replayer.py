"""Replay a run's shards on the workers of a cluster: each comes back as a part of the log, in any order."""

from __future__ import annotations

import hashlib
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import Any

from pytest_f07.cluster.answers import ShardPart
from pytest_f07.cluster.assignment import Assignment, software_versions
from pytest_f07.cluster.connect import open_client
from pytest_f07.cluster.driver import Driver, Job, explain_dask
from pytest_f07.cluster.files import sent_files
from pytest_f07.cluster.pool import WorkerPool
from pytest_f07.cluster.tasks import ask_again_on_worker, replay_on_worker
from pytest_f07.endpoints.endpoint import Provides
from pytest_f07.endpoints.f07 import Client
from pytest_f07.endpoints.target import ClusterTarget
from pytest_f07.equivalence.again import AgainCheck
from pytest_f07.equivalence.infer import InferCheck
from pytest_f07.errors import BrokenRun
from pytest_f07.replay.part import read_part
from pytest_f07.replay.process import ServerCommand
from pytest_f07.replay.replay import Timings
from pytest_f07.replay.shards import Shard
from pytest_f07.results.counting import CountedShards
from pytest_f07.results.workers import Workers
from pytest_f07.run.parts import Parts
from pytest_f07.run.prepare import Prepared
from pytest_f07.run.shard import ShardResult
from pytest_f07.variant.processor import kernel_settings
from pytest_f07.variant.seal import seal
from pytest_f07.variant.wording import counted
from pytest_f07.windows import BatchResult


class ClusterReplayer:
    """The workers of a cluster, each with a server of its own.

    :param command: what would start the server here.
    """

    provides: Provides = Client.provides

    def __init__(self, prepared: Prepared, target: ClusterTarget, command: ServerCommand) -> None:
        self._prepared, self._target, self._command = prepared, target, command
        self._exit = ExitStack()
        self._pool: WorkerPool
        self._driver: Driver
        self._paces: dict[str, float] = {}
        self.counted = CountedShards()
        self.status = ""

    def start(self) -> dict[str, Any]:
        """Open the cluster and its workers, and return what their servers tell of themselves."""
        params, loaded = self._prepared.params, self._prepared.manifest
        client = self._exit.enter_context(open_client(self._target.cluster))
        assignment = Assignment(
            nonce=self._target.nonce,
            root=str(loaded.project.root.resolve()),
            variant=loaded.paths.name,
            package=loaded.package.name,
            manifest_sha256=loaded.digest,
            files=loaded.files if loaded.files is not None else seal(loaded.package.folder),
            params=params,
            arguments=tuple(self._command.arguments),
            executable=sys.executable,
            manifest=str(loaded.paths.manifest),
            kernel_settings=kernel_settings(),
            versions=software_versions(),
        )
        mixed_cpus = params.cluster.mixed_cpus
        self._pool = WorkerPool(client, assignment, sent_files(loaded), mixed_cpus, params.start_timeout_s)
        self._driver = Driver(self._pool)
        with explain_dask():
            self._exit.callback(self._pool.close)
            return self._pool.open()

    def replay(self, shards: Sequence[Shard], parts: Parts, on_batch: Callable[[BatchResult], None]) -> Timings:
        """Let the workers replay the shards; each part that comes is kept, and the log is joined as far as it goes."""
        batch_size, names = self._prepared.params.batch_size, tuple(self._prepared.manifest.prediction_names)
        there, timings, following = set[int](), Timings(), 0
        for number, result in self._results(shards, parts):
            there.add(number)
            timings = timings.merge(result.timings)
            while following in there:
                for batch in read_part(parts.path(following), shards[following], batch_size, names):
                    on_batch(batch)
                following += 1
        return timings

    def _results(self, shards: Sequence[Shard], parts: Parts) -> Iterator[tuple[int, ShardResult]]:
        """Yield the number and the result of each shard as soon as its part is there."""
        missing = []
        for number, shard in enumerate(shards):
            result = parts.take(number, shard)
            if result is None:
                missing.append(number)
            else:
                yield number, result
        batch_size = self._prepared.params.batch_size
        jobs = {_name(shards[number]): number for number in missing}
        for job, done in self._driver.run(
            Job(name, replay_on_worker, (*_place(shards[number]), batch_size)) for name, number in jobs.items()
        ):
            number, part = jobs[job.name], done.value
            self._note_pace(done.address, part.timings)
            # Of another kind than the run's first server, with mixed_cpus alone: then the record says so.
            server = {**parts.run["server"], "processor": dict(done.kind.processor)}
            record = replace(parts, run={**parts.run, "server": server})
            result = self._keep(shards[number], number, done.address, part, record)
            self.counted.add(number, part.counts)
            yield number, result

    def _note_pace(self, address: str, timings: Timings) -> None:
        """Note how fast a worker is, and say which is the slowest."""
        self._paces[address] = timings.windows_per_second
        slowest = min(self._paces, key=lambda each: (self._paces[each], each))
        self.status = f"{counted(len(self._pool.workers()), 'worker')}, slowest {slowest.rpartition('//')[2]}"

    def _keep(self, shard: Shard, number: int, address: str, part: ShardPart, parts: Parts) -> ShardResult:
        """Write a part that a worker has sent, and its record."""
        if hashlib.sha256(part.content).hexdigest() != part.sha256:
            raise BrokenRun(f"{_name(shard)}: what worker {address} sent is not what it wrote")
        path = parts.path(number)
        partial = path.with_name(f".{path.name}.partial")
        try:
            partial.write_bytes(part.content)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        result = ShardResult(shard, path, part.sha256, _to_here(part.timings))
        parts.keep(number, result)
        return result

    def ask_again(self, infer_check: InferCheck, again_check: AgainCheck) -> tuple[InferCheck, AgainCheck]:
        """Let a worker ask its server."""
        job = Job("/infer", ask_again_on_worker, (infer_check, again_check))
        [(_, done)] = self._driver.run([job])
        checks: tuple[InferCheck, AgainCheck] = done.value
        return checks

    @property
    def workers(self) -> Workers:
        """Return which workers there were."""
        pool = self._pool
        kinds = [dict(kind.processor).get("model", "unknown") for kind in pool.kinds.values()]
        return Workers(len(pool.kinds), Counter(kinds), len(set(pool.kinds.values())), dict(pool.refused))

    def close(self) -> None:
        """End the workers' servers, and the cluster where it was started here."""
        with suppress(BrokenRun), explain_dask():  # a scheduler that went away has been told already
            self._exit.close()


def _place(shard: Shard) -> tuple[str, int, int]:
    return shard.dataset.source_f04, shard.first_row, shard.rows


def _name(shard: Shard) -> str:
    """Return a shard's name: ``v401 rows 0 to 4,095``."""
    return f"{shard.dataset.source_f04} rows {shard.first_row:,} to {shard.first_row + shard.rows - 1:,}"


def _to_here(timings: Timings) -> Timings:
    """Return a worker's timings by the driver's clock: as if its last answer had come now."""
    return timings.shift(time.perf_counter() - timings.end)
