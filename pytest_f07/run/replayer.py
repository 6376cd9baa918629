"""Replay the shards of a run: in this process through one server, or wherever else a replayer has it done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Protocol

from pytest_f07.endpoints.connect import connect
from pytest_f07.endpoints.endpoint import Provides
from pytest_f07.endpoints.target import ClusterTarget, first_difference
from pytest_f07.equivalence.again import AgainCheck
from pytest_f07.equivalence.infer import InferCheck
from pytest_f07.errors import BrokenRun
from pytest_f07.replay.part import read_part
from pytest_f07.replay.replay import Completion, Timings, explain_break, replay_shards
from pytest_f07.replay.server import Server
from pytest_f07.replay.shards import Shard
from pytest_f07.results.counting import CountedShards
from pytest_f07.results.workers import Workers
from pytest_f07.run.parts import Parts
from pytest_f07.run.prepare import Prepared
from pytest_f07.run.shard import write_part
from pytest_f07.windows import BatchResult


class Replayer(Protocol):
    """Whoever replays a run's shards; all methods raise :class:`BrokenRun` where the run cannot go on."""

    @property
    def provides(self) -> Provides:
        """What the server's answers tell; known once it is started."""

    @property
    def status(self) -> str:
        """How many workers there are, and the slowest; empty where this process does it all."""

    @property
    def workers(self) -> Workers | None:
        """Which workers there were; None where this process does it all."""

    def start(self) -> dict[str, Any]:
        """Start the server, and return what it tells of itself."""

    @property
    def counted(self) -> CountedShards:
        """The shards that were counted where they were replayed."""

    def replay(self, shards: Sequence[Shard], parts: Parts, on_batch: Callable[[BatchResult], None]) -> Timings:
        """Replay the shards; hand over their batches in the order of the rows.

        :param parts: of the log, to be kept, and those that an earlier run left.
        """

    def ask_again(self, infer_check: InferCheck, again_check: AgainCheck) -> tuple[InferCheck, AgainCheck]:
        """Return both checks with the answers to their questions."""

    def close(self) -> None:
        """Close the connections, and let a server that the run started end."""


class LocalReplayer:
    """This process, and one server."""

    status = ""
    workers = None

    def __init__(self, prepared: Prepared, server: Server) -> None:
        assert not isinstance(prepared.target, ClusterTarget), "a cluster has a replayer of its own"
        params = prepared.params
        self._client = connect(prepared.target, prepared.models, prepared.manifest.digest, params.timeout_s)
        self._server, self._batch_size = server, params.batch_size
        self._identity: dict[str, Any] = {}
        # Here, the finished log is counted, as it lies on the disk.
        self.counted = CountedShards()

    @property
    def provides(self) -> Provides:
        """What the server's answers tell."""
        return self._client.provides

    def start(self) -> dict[str, Any]:
        """Start the server, and return what it tells of itself."""
        self._identity = self._server.start(self._client)
        return self._identity

    def replay(self, shards: Sequence[Shard], parts: Parts, on_batch: Callable[[BatchResult], None]) -> Timings:
        """Replay the shards one after the other, but for those whose part an earlier run left.

        A run of one shard whose log is one file keeps no part.
        """
        if len(shards) == 1 and not parts.is_log:
            return _use(self._answers(shards), on_batch)
        client, timings = self._client, Timings()
        taken = {number for number, shard in enumerate(shards) if parts.take(number, shard)}
        # No request is under way while parts are read: a server ends a connection whose answer nobody reads.
        for is_taken, group in groupby(range(len(shards)), taken.__contains__):
            numbers = list(group)
            if is_taken:
                for number in numbers:
                    for batch in read_part(parts.path(number), shards[number], self._batch_size, client.names):
                        on_batch(batch)
                continue
            answers = self._answers([shards[number] for number in numbers])
            for number in numbers:
                path, has_scores = parts.path(number), client.provides.scores
                result = write_part(answers, shards[number], path, client.names, has_scores, on_batch)
                parts.keep(number, result)
                timings = timings.merge(result.timings)
        return timings

    def _answers(self, shards: Sequence[Shard]) -> Iterator[tuple[BatchResult, Completion]]:
        return replay_shards(self._client, shards, self._batch_size, self._server.wait_for_exit)

    def ask_again(self, infer_check: InferCheck, again_check: AgainCheck) -> tuple[InferCheck, AgainCheck]:
        """Ask the server."""
        try:
            infer_check.ask(self._client)
            again_check.ask(self._client)
            check_unchanged(self._identity, self._client.identity())
        except OSError as error:
            raise explain_break(error, "/infer", self._client.timeout_s, self._server.wait_for_exit) from None
        return infer_check, again_check

    def close(self) -> None:
        """Close the connections, and let the server end."""
        self._client.close()
        self._server.let_end()


def _use(answers: Iterable[tuple[BatchResult, Completion]], on_batch: Callable[[BatchResult], None]) -> Timings:
    """Hand over each batch, and return the times of their requests."""
    completions = []
    for batch, completion in answers:
        on_batch(batch)
        completions.append(completion)
    return Timings(tuple(completions))


def check_unchanged(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Raise :class:`BrokenRun` where the server is another one than at the start."""
    if difference := first_difference(before, after):
        raise BrokenRun(f"the server changed during the run: {difference}; nothing that it answered counts")
