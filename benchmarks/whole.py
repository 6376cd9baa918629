"""Whole runs, from ``make`` to its exit: time by stage, and the peak memory of all processes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import yaml

import pytest_f07
from benchmarks.memory import kind_of, sample_pss
from benchmarks.workload import VARIANT
from pytest_f07.variant.paths import Project

MAKEFILE = Path(pytest_f07.__file__).parent / "commands" / "f07.mk"
PEAK = "VmHWM"  # the kernel's own high-water mark of resident memory, in kB
# Looking at processes takes time from the run.
PEAK_SAMPLE_S, PSS_SAMPLE_S = 0.1, 0.25


@dataclass(frozen=True)
class Whole:
    """A run.

    :param seconds: from ``make`` to its exit, and ``stages`` of it as the metadata has them.
    :param peaks: MiB of resident memory, of the pytest process, of the server and of the oracle.
    """

    windows: int
    seconds: float
    stages: dict[str, float]
    peaks: dict[str, float]


def run(project: Project, equivalence: str = "full") -> Whole:
    """``make script7-run`` in ``project``, its predictions compared with the oracle or not (``off``)."""
    peaks: dict[str, float] = {}
    seconds = _run(project, equivalence, PEAK_SAMPLE_S, lambda pid: _note_peaks(pid, peaks))
    document = json.loads(project.variant(VARIANT).metadata.read_text(encoding="utf-8"))
    return Whole(document["counts"]["windows"], seconds, document["seconds"], peaks)


def peak_pss(project: Project) -> dict[str, float]:
    """Return the MiB of each process of a run at the moment when all together have the most."""
    samples: list[dict[str, float]] = []
    _run(project, "full", PSS_SAMPLE_S, lambda pid: samples.append(sample_pss(pid)))
    return max(samples, key=lambda sizes: sum(sizes.values()))


def _run(project: Project, equivalence: str, interval_s: float, look: Callable[[int], object]) -> float:
    """Return the seconds of a run, at whose processes ``look`` looks meanwhile."""
    params = project.variant(VARIANT).params
    document = {**yaml.safe_load(params.read_text(encoding="utf-8")), "equivalence": equivalence}
    params.write_text(yaml.safe_dump(document), encoding="utf-8")
    metadata = project.variant(VARIANT).metadata
    metadata.unlink(missing_ok=True)
    # Not what the make that runs this hands on: its own targets and options.
    target = ["script7-run", f"VARIANT={VARIANT}", f"F07_PYTHON={sys.executable}", "MAKEFLAGS=", "MAKELEVEL=0"]
    log = project.root / "make.log"
    with log.open("wb") as output:
        begin = time.perf_counter()
        process = subprocess.Popen(
            ["make", "-s", "-f", MAKEFILE, *target], cwd=project.root, stdout=output, stderr=output
        )
        while True:
            try:
                process.wait(interval_s)
                break
            except subprocess.TimeoutExpired:
                look(process.pid)
        seconds = time.perf_counter() - begin
    if not metadata.is_file():
        raise SystemExit(f"the run is not complete:\n{log.read_text(encoding='utf-8', errors='replace')}")
    return seconds


def _note_peaks(pid: int, peaks: dict[str, float]) -> None:
    try:
        children = psutil.Process(pid).children(recursive=True)
        named = [(kind_of(child.cmdline()), child.pid) for child in children]
    except psutil.Error:
        return
    for name, each in named:
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
