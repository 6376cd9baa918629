"""A Dask cluster within this process: one worker, which takes tasks in a thread."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from conftest import REPOSITORY
from pytest_f07.variant.manifest import Manifest


@contextmanager
def client_of_one_worker(folder: Path) -> Iterator[Any]:
    from distributed import Client, LocalCluster

    options: dict[str, Any] = {
        "processes": False,
        "threads_per_worker": 2,
        "dashboard_address": "127.0.0.1:0",
        "memory_limit": 0,
    }
    options["scheduler_kwargs"] = {"dashboard": False}
    with (
        LocalCluster(n_workers=1, local_directory=str(folder), **options) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


def stub_arguments(loaded: Manifest, fault: str = "none") -> dict[str, object]:
    """What of an assignment lets the stub answer."""
    manifest = str(loaded.paths.manifest)
    arguments = (sys.executable, str(REPOSITORY / "tests" / "stub_server.py"), manifest, fault)
    return {"arguments": arguments, "executable": sys.executable, "manifest": manifest}
