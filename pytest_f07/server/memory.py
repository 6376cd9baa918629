"""Limit the memory that loading a model may take: a file of some kilobytes can describe a layer of terabytes.

Linux counts what a process may write (``RLIMIT_DATA``), not the address space that TensorFlow reserves beside it; other
systems count otherwise, and get no limit.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROCESS_STATUS = Path("/proc/self/status")


def load_bytes(size: int) -> int:
    """Return the bytes that loading a model file of ``size`` bytes may take.

    They cover the file's content, the layers' initial values, and a stack of each thread that TensorFlow starts.
    """
    return (2 << 30) + (32 << 20) * (os.cpu_count() or 1) + 16 * size


@contextmanager
def memory_limit(more_bytes: int) -> Iterator[None]:
    """Limit this process to ``more_bytes`` beside those it has; a larger allocation fails."""
    if not PROCESS_STATUS.exists():
        yield
        return
    [now] = [
        int(line.split()[1]) * 1024 for line in PROCESS_STATUS.read_text().splitlines() if line.startswith("VmData:")
    ]
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limits = [limit for limit in (soft, hard, now + more_bytes) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_DATA, (min(limits), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
