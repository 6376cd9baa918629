"""The functions that workers run; each answers for the worker that runs it, and may run twice."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from typing import Any, TypeVar
from uuid import uuid4

from distributed import get_worker

from pytest_f07.cluster.answers import Done, Kind, Missing, Refused, ShardPart
from pytest_f07.cluster.worker import MissingFiles, OpenWorker, this_worker
from pytest_f07.equivalence.again import AgainCheck
from pytest_f07.equivalence.infer import InferCheck
from pytest_f07.errors import BrokenRun, F07Error
from pytest_f07.replay.replay import explain_break, replay_shards
from pytest_f07.replay.shards import Shard
from pytest_f07.run.shard import write_part

Value = TypeVar("Value")


def open_worker(nonce: str) -> Done[dict[str, Any]] | Missing | Refused:
    """Answer what the worker's server tells of itself."""
    return answer(nonce, None, lambda worker: worker.identity)


def receive_file(nonce: str, name: str, offset: int, content: bytes) -> Refused | None:
    """Write a part of a file that the driver sends."""
    try:
        this_worker(nonce).files.receive(name, offset, content)
    except (F07Error, OSError) as error:
        return _refusal(error)
    return None


def close_worker(nonce: str) -> None:
    """End the server of a worker that is not used."""
    with suppress(F07Error):  # it is not there any more
        this_worker(nonce, patience_s=0).close()


def replay_on_worker(
    nonce: str, expected: tuple[Kind, bool], source_f04: str, first_row: int, rows: int, batch_size: int
) -> Done[ShardPart] | Missing | Refused:
    """Replay a shard through the worker's server."""

    def replay(worker: OpenWorker) -> ShardPart:
        [dataset] = [dataset for dataset in worker.datasets if dataset.source_f04 == source_f04]
        part = worker.folder / f"{uuid4().hex}.parquet"
        try:
            with worker.server.connection() as client:
                shard = Shard(dataset, first_row, rows)
                answers = replay_shards(client, [shard], batch_size, worker.server.wait_for_exit)
                has_scores = client.provides.scores
                result = write_part(answers, shard, part, client.names, has_scores, counter=worker.counter)
            assert result.counts is not None, "it was counted here"
            return ShardPart(part.read_bytes(), result.sha256, result.timings, result.counts)
        finally:
            part.unlink(missing_ok=True)

    return answer(nonce, expected, replay)


def ask_again_on_worker(
    nonce: str, expected: tuple[Kind, bool], infer_check: InferCheck, again_check: AgainCheck
) -> Done[tuple[InferCheck, AgainCheck]] | Missing | Refused:
    """Ask the worker's server the questions of both checks."""

    def ask(worker: OpenWorker) -> tuple[InferCheck, AgainCheck]:
        checks = deepcopy((infer_check, again_check))  # asked once more where the server ends meanwhile
        with worker.server.connection() as client:
            try:
                for check in checks:
                    check.ask(client)
            except OSError as error:
                raise explain_break(error, "/infer", client.timeout_s, worker.server.wait_for_exit) from None
        return checks

    return answer(nonce, expected, ask)


def answer(
    nonce: str, expected: tuple[Kind, bool] | None, use: Callable[[OpenWorker], Value]
) -> Done[Value] | Missing | Refused:
    """Answer what ``use`` returns of the opened worker; where its server ends meanwhile, try once more.

    :param expected: the kind of worker that may answer, and whether its processor may be another one; None: any.
    :raises BrokenRun: where the server answered wrongly, or ended twice.
    """
    address = get_worker().address
    for attempt in (1, 2):
        try:
            plugin = this_worker(nonce)
            worker = plugin.open()
        except MissingFiles as error:
            return Missing(address, str(error))
        except (F07Error, OSError) as error:
            return _refusal(error)
        kind = Kind.of(worker.identity)
        if expected and (difference := kind.difference(*expected)):
            return Refused(address, difference)
        try:
            return Done(address, kind, use(worker))
        except BrokenRun as error:
            if attempt == 2 or not worker.server.has_exited():
                raise BrokenRun(f"worker {address}: {error}{plugin.last_lines()}") from None
        except OSError as error:
            return _refusal(error)
    raise AssertionError("the second attempt returns or raises")


def _refusal(error: F07Error | OSError) -> Refused:
    reason = str(error) if isinstance(error, F07Error) else f"{error.strerror or error}"
    return Refused(get_worker().address, reason)
