"""Protect the replay from hosts that replace network, time or processes for their tests.

pytest's own documentation has an example that deletes ``requests.Session.request`` for every test; pytest-socket
replaces ``socket.socket``, freezegun the clock, vcrpy urllib3's connections. Hosts also clear the environment and
change the folder.
"""

from __future__ import annotations

import datetime
import os
import socket
import subprocess
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

_OWNERS = (socket, socket.socket, time, datetime, subprocess, subprocess.Popen)
_ABSENT = object()


class Shield:
    """A copy of the environment from before the host's fixtures and hooks for items.

    :param with_requests: whether the run speaks through requests, as it does with a server that is already there.
    """

    def __init__(self, with_requests: bool = True) -> None:
        self._owners = (*_OWNERS, *(_owners_of_requests() if with_requests else ()))
        self._attributes = [(owner, dict(vars(owner))) for owner in self._owners]
        self.note_environment()

    def note_environment(self) -> None:
        """Copy variables and folder again: what a host's configuration hooks set is meant for the run, too."""
        self._environment, self._folder = dict(os.environ), Path.cwd()
        self._environment.pop("PYTHONWARNINGS", None)  # TensorFlow warns at import, in processes of its own

    @contextmanager
    def protect(self) -> Iterator[None]:
        """Restore the copied environment while the block runs, and the host's after it."""
        host = [(owner, dict(vars(owner))) for owner in self._owners]
        environment, folder = dict(os.environ), _current_folder()
        self._apply(self._attributes, self._environment, self._folder)
        try:
            # A host cannot act on the libraries' warnings here, and may turn warnings into errors.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield
        finally:
            self._apply(host, environment, folder)

    @staticmethod
    def _apply(attributes: list[tuple[Any, dict[str, Any]]], environment: dict[str, str], folder: Path | None) -> None:
        for owner, wanted in attributes:
            _restore(owner, wanted)
        if dict(os.environ) != environment:
            os.environ.clear()
            os.environ.update(environment)
        if folder is not None:
            with suppress(OSError):  # the host may have removed it
                os.chdir(folder)


def _owners_of_requests() -> tuple[Any, ...]:
    """Return what requests sends through; imported here, for most runs need it not."""
    import requests
    import urllib3
    from requests.adapters import HTTPAdapter
    from urllib3.connection import HTTPConnection
    from urllib3.connectionpool import HTTPConnectionPool

    connections = (HTTPConnectionPool, HTTPConnection, urllib3.util.connection)
    return (requests, requests.Session, HTTPAdapter, *connections)


def _restore(owner: Any, wanted: dict[str, Any]) -> None:
    """Give a module or class the attributes of ``wanted``, and no others."""
    current = dict(vars(owner))
    for name in current.keys() | wanted.keys():
        value = wanted.get(name, _ABSENT)
        if current.get(name, _ABSENT) is value:
            continue
        if value is _ABSENT:
            delattr(owner, name)
        else:
            setattr(owner, name, value)


def _current_folder() -> Path | None:
    try:
        return Path.cwd()
    except FileNotFoundError:
        return None
