"""Describe which server a run validated, from what its metadata say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def describe_server(server: Mapping[str, Any]) -> str:
    """Return the server in words; the port of a run's own may be any, and says nothing.

    :param server: the metadata's entry; empty for runs of versions that always started one.
    """
    if server.get("started_by_run", True):
        return "the run's own"
    return f"{server.get('url')} ({server.get('protocol')})"
