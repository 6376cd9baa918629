"""Share a folder among the workers of one host: a copy of a run's files, and the index of its labelled windows.

Each worker that uses the folder holds a lock on it, which ends with its process; whoever leaves last removes it.
"""

from __future__ import annotations

import fcntl
import glob
import os
import shutil
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from pytest_f07.errors import F07Error
from pytest_f07.results.references import ReferenceIndex
from pytest_f07.variant.dataset import Dataset

PREFIX = "f07-host-"
INDEX = "labelled-windows.arrow"
PATIENCE_S = 300.0  # as long as Dask waits for a worker that says nothing
POLL_S = 0.05


class HostFolder:
    """The folder of one run that the workers of one host share.

    :param path: where it lies; ``users`` its descriptor, which holds the lock.
    """

    def __init__(self, path: Path, users: int) -> None:
        self.path, self._users = path, users
        status = os.fstat(users)
        self.place = f"{socket.gethostname()} {path} {status.st_dev} {status.st_ino}"

    @classmethod
    def join(cls, scratch: Path, nonce: str) -> HostFolder:
        """Return the run's folder on this host, made where it is not there; remove what killed workers of others left.

        :param scratch: where the workers of this host have their own folders.
        :raises F07Error: where something else lies in its place.
        """
        # Hosts may share the scratch folder, and a lock on a folder is each host's own.
        host = f"@{socket.gethostname()}"
        path = scratch / f"{PREFIX}{nonce}{host}"
        for other in scratch.glob(f"{PREFIX}*{glob.escape(host)}"):
            if other != path:
                with suppress(OSError):
                    _remove_unused(os.open(other, os.O_RDONLY), other)
        for gone in scratch.glob(f".{PREFIX}*{glob.escape(host)}.*"):  # whoever removed it was killed meanwhile
            shutil.rmtree(gone, ignore_errors=True)
        while True:
            with suppress(FileExistsError):
                path.mkdir(0o700)
            try:
                users = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            except FileNotFoundError:  # its last user has just removed it
                continue
            except OSError:
                raise F07Error(f"{path} is no folder; remove it") from None
            fcntl.flock(users, fcntl.LOCK_SH)
            if _lies_at(users, path):
                return cls(path, users)
            os.close(users)

    def leave(self) -> None:
        """Use the folder no more, and remove it where nobody else uses it; nothing where this was done before."""
        users, self._users = self._users, -1
        if users >= 0:
            _remove_unused(users, self.path)

    def index(self, datasets: Sequence[Dataset], owners: Iterable[str]) -> ReferenceIndex:
        """Return the index of the package's labelled windows, which the first worker that asks builds for all.

        A worker that stands still while it builds is not waited for without end: then each builds its own.

        :param datasets: of the whole package.
        :param owners: the source_f04 of the datasets that have a model.
        """
        path, names = self.path / INDEX, tuple(owners)
        with _take_turn(path.with_suffix(".lock"), path.exists):
            if not path.exists():
                partial = path.with_suffix(f".{uuid4().hex}")
                ReferenceIndex.build(datasets, names).write(partial)
                partial.replace(path)
        return ReferenceIndex.read(path, names)


def _remove_unused(users: int, path: Path) -> None:
    """Remove a folder that nobody else uses, and close its descriptor."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _lies_at(users, path):
            gone = path.with_name(f".{path.name}.{uuid4().hex}")  # at once: whoever comes now makes a new one
            path.rename(gone)
            shutil.rmtree(gone, ignore_errors=True)
    except OSError:
        pass  # somebody uses it
    finally:
        os.close(users)


def _lies_at(users: int, path: Path) -> bool:
    """Return whether the folder of this descriptor is the one that lies there now."""
    try:
        return os.path.samestat(os.fstat(users), path.lstat())
    except FileNotFoundError:
        return False


@contextmanager
def _take_turn(path: Path, is_done: Callable[[], bool]) -> Iterator[None]:
    """Run the block in one process at a time, by a lock file; at once where it is done, or was waited for too long."""
    end = time.monotonic() + PATIENCE_S
    with path.open("wb") as lock:
        while not is_done() and time.monotonic() < end:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(POLL_S)
            else:
                break
        yield
