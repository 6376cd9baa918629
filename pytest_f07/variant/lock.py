"""Lock folders; a lock leaves no file and ends with its process."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pytest_f07.errors import F07Error
from pytest_f07.variant.paths import VariantPaths


def lock_variant(paths: VariantPaths) -> int:
    """Lock a variant and return the handle; closing it releases the lock.

    :raises F07Error: where another process holds the lock.
    """
    handle = os.open(paths.folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise F07Error(
            f"variant {paths.name} is being run, published or removed by another process; wait until it ends."
        ) from None
    except OSError as error:  # a file system without locks
        os.close(handle)
        raise F07Error(f"variant {paths.name}: {paths.folder} cannot be locked: {error.strerror}.") from None
    return handle


@contextmanager
def variant_lock(paths: VariantPaths) -> Iterator[None]:
    """Hold a variant while its files are published or removed."""
    handle = lock_variant(paths)
    try:
        yield
    finally:
        os.close(handle)


@contextmanager
def registry_lock(folder: Path) -> Iterator[None]:
    """Wait for the lock of the registry in ``folder`` and hold it: two writers at once would lose an entry."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
