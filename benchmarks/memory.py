"""Sample the memory of a run's processes, each page that several share counted in parts (PSS)."""

from __future__ import annotations

import psutil

MODULES = {"server": "pytest_f07.server", "oracle": "pytest_f07.oracle", "pytest": "pytest"}


def sample_pss(pid: int) -> dict[str, float]:
    """Return the MiB of each kind of process below a process: pytest, server, oracle, and others where there are any.

    A process that ends meanwhile counts nothing.
    """
    sizes: dict[str, float] = {}
    try:
        children = psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return sizes
    for child in children:
        try:
            size, kind = child.memory_full_info().pss / 2**20, kind_of(child.cmdline())
        except psutil.Error:
            continue
        sizes[kind] = sizes.get(kind, 0.0) + size
    return sizes


def kind_of(command: list[str]) -> str:
    """Return which process of a run a command line starts: "pytest", "server", "oracle" or "other"."""
    return next((kind for kind, module in MODULES.items() if module in command), "other")
