"""Whole runs, from the command to its exit: time by stage, and the peak memory of both processes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import yaml

from benchmarks.workload import VARIANT
from pytest_f07.variant.paths import Project

PEAK = "VmHWM"  # the kernel's own high-water mark of resident memory, in kB


@dataclass(frozen=True)
class Whole:
    """One run.

    :param seconds: from the command to its exit, and ``stages`` of it as the metadata has them.
    :param peaks: MiB, of the pytest process, of the server and of the oracle.
    """

    windows: int
    seconds: float
    stages: dict[str, float]
    peaks: dict[str, float]


def run(project: Project, equivalence: str = "full") -> Whole:
    """``pytest --f07-variant`` in ``project``, its predictions compared with the oracle or not (``off``)."""
    params = project.variant(VARIANT).params
    params.write_text(yaml.safe_dump({**yaml.safe_load(params.read_text()), "equivalence": equivalence}))
    begin = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-q", f"--f07-variant={VARIANT}"],
        cwd=project.root,
        stdout=subprocess.PIPE,
        text=True,
    )
    peaks: dict[str, float] = {}
    while process.poll() is None:
        _note_peaks(process.pid, peaks)
        time.sleep(0.05)
    seconds = time.perf_counter() - begin
    said = process.stdout.read() if process.stdout else ""
    metadata = project.variant(VARIANT).metadata
    if not metadata.is_file():
        raise SystemExit(f"the run is not complete:\n{said}")
    document = json.loads(metadata.read_text())
    return Whole(document["counts"]["windows"], seconds, document["seconds"], peaks)


def _note_peaks(pid: int, peaks: dict[str, float]) -> None:
    try:
        children = psutil.Process(pid).children(recursive=True)
        named = [
            (name, child.pid)
            for child in children
            for name in ("server", "oracle")
            if f"pytest_f07.{name}" in child.cmdline()
        ]
    except psutil.Error:
        return
    for name, each in [("pytest", pid), *named]:
        try:
            status = Path(f"/proc/{each}/status").read_text()
        except OSError:
            continue
        sizes = [int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith(PEAK)]
        peaks[name] = max([peaks.get(name, 0.0), *sizes])  # a process that has just ended tells none


def import_tensorflow() -> float:
    """Seconds of a bare ``import tensorflow`` in a process of its own."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import tensorflow"], check=True, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begin
