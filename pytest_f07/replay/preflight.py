"""Ask a server that is already there, before a run touches anything, whether it can be validated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

import pyarrow as pa

from pytest_f07.endpoints.endpoint import Endpoint
from pytest_f07.endpoints.target import UrlTarget
from pytest_f07.errors import BrokenRun, F07Error
from pytest_f07.replay.replay import batches
from pytest_f07.replay.shards import Shard
from pytest_f07.variant.dataset import Dataset


def check_server(client: Endpoint[Any], target: UrlTarget, datasets: Sequence[Dataset], batch_size: int) -> None:
    """Ask who it is, and about one window and one full batch of each dataset.

    :raises F07Error: that names the server and what is wrong with it.
    """
    where = f"the server at {target.url} ({target.protocol})"
    with _explain(where, client.timeout_s):
        client.identity()
    for dataset in datasets:
        for windows in islice(batches(Shard(dataset, 0, dataset.rows), batch_size), 1):
            with _explain(f"{where}, asked about the first rows of {dataset.source_f04}", client.timeout_s):
                _ask(client, windows.slice(0, 1))
                _ask(client, windows)


def _ask(client: Endpoint[Any], windows: pa.Array) -> None:
    client.receive_batch(client.send_batch(windows))


@contextmanager
def _explain(where: str, timeout_s: float) -> Iterator[None]:
    try:
        yield
    except BrokenRun as error:
        reason = str(error)
    except TimeoutError:
        reason = f"it did not answer within {timeout_s:g} s (runtime.timeout_s)"
    except OSError as error:
        reason = f"it cannot be reached: {error.strerror or error}"
    else:
        return
    raise F07Error(f"{where}: {reason}. Nothing was touched.")
