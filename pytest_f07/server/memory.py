"""A limit on what loading a model may take: a file of some kilobytes can describe a layer of terabytes.

Linux counts what a process may write (``RLIMIT_DATA``), not the address space that TensorFlow reserves beside it; other
systems count otherwise, and get no limit.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STATUS = Path("/proc/self/status")


def allowance(size: int) -> int:
    """Return the bytes that loading a model file of ``size`` bytes may take.

    Ample for what the file holds, for the layers' first values before it, and for a stack of each thread that TensorFlow
    starts on the way.
    """
    return (2 << 30) + (32 << 20) * (os.cpu_count() or 1) + 16 * size


@contextmanager
def at_most(more: int) -> Iterator[None]:
    """Give this process at most ``more`` bytes beside those it has; what asks for more gets none, and says so."""
    if not STATUS.exists():
        yield
        return
    [now] = [int(line.split()[1]) * 1024 for line in STATUS.read_text().splitlines() if line.startswith("VmData:")]
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limits = [limit for limit in (soft, hard, now + more) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_DATA, (min(limits), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
