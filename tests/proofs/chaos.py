"""A run killed at many moments, and other misfortunes: ``python -m tests.proofs.chaos`` prints what was done and seen.

After each: nothing half-written looks whole, check7 tells the truth, no process stays, and the next run gives the
bytes of an undisturbed one.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

import psutil

from pytest_f07.commands.check import check_run
from pytest_f07.variant import paths
from tests.proofs import faults

MOMENTS = 50
MOMENTS_REAL = 10
PATIENCE = 60

Victims = Callable[[subprocess.Popen[bytes], list[psutil.Process]], None]


def kill(number: int, *whom: str) -> Victims:
    """Send a signal to ``pytest``, or to the ``others``, its server and oracle."""

    def send(session: subprocess.Popen[bytes], others: list[psutil.Process]) -> None:
        if "pytest" in whom:
            session.send_signal(number)
        for process in others if "others" in whom else []:
            try:
                process.send_signal(number)
            except psutil.NoSuchProcess:  # it was faster
                continue

    return send


DEATHS = {
    "SIGKILL to pytest": kill(signal.SIGKILL, "pytest"),
    "SIGKILL to the server": kill(signal.SIGKILL, "others"),
    "SIGKILL to both": kill(signal.SIGKILL, "pytest", "others"),
    "SIGTERM to pytest": kill(signal.SIGTERM, "pytest"),
    "SIGINT to pytest": kill(signal.SIGINT, "pytest"),
    "SIGINT to both": kill(signal.SIGINT, "pytest", "others"),
    "SIGTERM to the server": kill(signal.SIGTERM, "others"),
}


# A stub's run has several parts, so that there is something to resume.
SMALL_SHARDS = """
import functools
import pytest_f07.run.execute as execute
execute.cut_shards = functools.partial(execute.cut_shards, predictions=1500)
"""


class Project:
    """A checkout with the demo, its server the stub (two seconds a run) or the real one."""

    def __init__(self, root: Path, real: bool) -> None:
        self.root, self.variant = root, root / faults.VARIANT
        faults.make_project(root)
        if not real:
            stub = str(Path(__file__).parents[1] / "stub_server.py")
            text = faults.CONFTEST.format(server=stub, fault="", kind="").replace(
                "'', '', manifest", "manifest, 'none'"
            )
            (root / "conftest.py").write_text(text + SMALL_SHARDS)
            self.params("equivalence: off\n")
        start = time.monotonic()
        assert self.run() == 0, self.output()
        self.seconds, self.undisturbed = time.monotonic() - start, self.artefacts()
        self.taken = 0  # parts, by all resumed runs

    def params(self, text: str) -> None:
        (self.variant / "params.yaml").write_text(f"parent_variant_f06: v601\nruntime: {{port: 0}}\n{text}")

    def start(self, prefix: Sequence[str] = (), options: Sequence[str] = ()) -> subprocess.Popen[bytes]:
        # Hypothesis, which users of the plugin need not have, imports all of itself in the session's last moments, and
        # an interrupt just then is a traceback of the interpreter's own.
        command = [
            *prefix,
            sys.executable,
            "-m",
            "pytest",
            "--f07-variant=v701",
            "-W",
            "default",
            "-p",
            "no:hypothesispytest",
            *options,
        ]
        with (self.root / "output.txt").open("wb") as output:
            return subprocess.Popen(command, cwd=self.root, stdout=output, stderr=output)

    def run(self, prefix: Sequence[str] = (), options: Sequence[str] = ()) -> int:
        with self.start(prefix, options) as session:
            return session.wait(4 * PATIENCE)

    def output(self) -> str:
        return (self.root / "output.txt").read_text()

    def artefacts(self) -> dict[str, bytes]:
        """What two runs must make alike, as far as it is there under its own name."""
        files = [path for part in ("logs", "metrics", "report/figures") for path in (self.variant / part).rglob("*")]
        return {path.name: path.read_bytes() for path in files if path.is_file() and not path.name.startswith(".")}

    def processes(self) -> list[psutil.Process]:
        processes = []
        for process in psutil.process_iter(["cmdline", "status"]):
            line = " ".join(process.info["cmdline"] or [])
            if "manifest.json" in line and str(self.root) in line and process.info["status"] != psutil.STATUS_ZOMBIE:
                processes.append(process)
        return processes

    def check(self, before: str, resume: bool = False) -> str:
        """What was left is whole or nothing, no process stays, the next run is as if nothing had been, resumed too."""
        end = time.monotonic() + PATIENCE
        while self.processes():
            assert time.monotonic() < end, f"{before}: a process stays: {self.processes()}"
            time.sleep(0.02)
        metadata = self.variant / "07_deployrun_metadata.json"
        for name, content in self.artefacts().items():
            png_or_csv = not name.startswith("raw_predictions")
            assert png_or_csv or content == self.undisturbed[name], f"{before}: {name} looks whole and is not"
        left = "nothing that looks whole"
        if metadata.exists():
            left = "a whole run"
            document = json.loads(metadata.read_text())
            for name, digest in document["sha256"].items():
                assert sha256((self.variant / name).read_bytes()).hexdigest() == digest, f"{before}: {name}"
            assert not self.changed(), f"{before}: complete, and not the same: {self.changed()}"
        told = self.check7()
        assert bool(told) != metadata.exists(), f"{before}: check7 says {told or 'that all is well'}"
        start = time.monotonic()
        options = ["--f07-resume"] if resume else []
        assert self.run(options=options) == 0, f"{before}: the next run: {self.output()}"
        self.seconds = min(self.seconds, time.monotonic() - start)  # the machine may have been busy at first
        assert not self.changed(), f"{before}: the next run gives other bytes: {self.changed()}"
        assert not self.check7(), f"{before}: the next run: check7 says {self.check7()}"
        assert not (self.variant / "runtime" / "parts").exists(), f"{before}: the next run leaves parts"
        self.taken += json.loads(metadata.read_text()).get("resumed", {"taken": 0})["taken"]
        return left

    def check7(self) -> list[str]:
        """What check7 finds wrong."""
        return [finding.wrong for finding in check_run(paths.Project(self.root), faults.VARIANT.name) if finding.wrong]

    def changed(self) -> list[str]:
        """The artefacts that are not those of the undisturbed run."""
        artefacts = self.artefacts()
        return sorted(
            name for name in {*artefacts, *self.undisturbed} if artefacts.get(name) != self.undisturbed.get(name)
        )


def deaths(project: Project, moments: int, label: str) -> None:
    """Each death at moments spread over a run."""
    left: Counter[str] = Counter()
    for number in range(moments):
        how = list(DEATHS)[number % len(DEATHS)]
        moment = project.seconds * (number + 0.5) / moments
        with project.start() as session:
            try:
                session.wait(moment)
            except subprocess.TimeoutExpired:
                DEATHS[how](session, project.processes())
            code = session.wait(PATIENCE)
        if code == 1:
            assert "Traceback" not in project.output().split("last lines of the server")[0], project.output()
        # Every other one is resumed: each death comes at some moments with it, and at some without.
        resume = number // len(DEATHS) % 2 == 0
        left[project.check(f"{label}: {how} after {moment:.2f} s", resume)] += 1
    counts = ", ".join(f"{many} × {what}" for what, many in left.items())
    print(
        f"{label}: {moments} deaths spread over {project.seconds:.1f} s ({len(DEATHS)} kinds), left {counts}; "
        f"resumed runs took {project.taken} parts",
        flush=True,
    )


def full_disk(project: Project) -> None:
    """A limit on the size of a file stands for a disk that fills while the log is written."""
    conftest = project.root / "conftest.py"
    kept = conftest.read_text()
    sizes = [20_000, 50_000, 100_000, 200_000, 400_000]
    for size in sizes:
        conftest.write_text(f"{kept}\nimport resource\nresource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))\n")
        assert project.run() == 1, project.output()
        assert "F07-BROKEN" in project.output(), project.output()
        assert "File too large" in project.output(), project.output()
        assert not project.artefacts(), project.artefacts().keys()
        conftest.write_text(kept)
        project.check(f"a disk full after {size} bytes")
    print(
        f"disk full after {', '.join(f'{size:,}' for size in sizes)} bytes of a file: F07-BROKEN, no file that looks "
        "whole",
        flush=True,
    )


def read_only(project: Project) -> None:
    """The variant's folder cannot be written; root is asked to do without its right to write everywhere."""
    folders = (project.variant, project.variant / "logs")
    drop = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"] if os.getuid() == 0 else []
    for folder in folders:
        folder.chmod(0o555)
    before = project.artefacts()
    assert project.run(drop) == 4, project.output()
    [line] = [line for line in project.output().splitlines() if line.startswith("ERROR")]
    assert project.artefacts() == before
    for folder in folders:
        folder.chmod(0o755)
    project.check("a read-only folder")
    print(f"read-only folder: {line.replace(str(project.root), '…')}", flush=True)


def two_at_once(project: Project) -> None:
    """One runs, the other is told so."""
    for _ in range(5):
        with project.start() as first, project.start() as second:
            codes = sorted([first.wait(PATIENCE), second.wait(PATIENCE)])
        assert codes == [0, 4], (codes, project.output())
        project.check("two runs at once")
    print("two runs of a variant at once, five times: one passes, the other ends with 4", flush=True)


def taken_port(project: Project) -> None:
    """Somebody else has the port: nothing is touched."""
    kept = (project.variant / "params.yaml").read_text()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        (project.variant / "params.yaml").write_text(kept.replace("port: 0", f"port: {taken.getsockname()[1]}"))
        before = project.artefacts()
        assert project.run() == 4, project.output()
        [line] = [line for line in project.output().splitlines() if line.startswith("ERROR")]
        assert project.artefacts() == before
    (project.variant / "params.yaml").write_text(kept)
    project.check("a taken port")
    print(f"port taken: {line}", flush=True)


def clock_turned_back(project: Project) -> None:
    """What is there is of the future, and the clock of the run goes backwards."""
    conftest = project.root / "conftest.py"
    kept = conftest.read_text()
    for path in project.root.rglob("*"):
        os.utime(path, (4_000_000_000, 4_000_000_000))
    conftest.write_text(
        kept + "\nimport itertools, time\nback = itertools.count()\ntime.time = lambda: 1_000_000_000.0 - next(back)\n"
    )
    assert project.run() == 0, project.output()
    assert project.artefacts() == project.undisturbed
    conftest.write_text(kept)
    project.check("the clock turned back")
    print("clock turned back, and back at each look: the same bytes", flush=True)


def main() -> int:
    """All of it."""
    with tempfile.TemporaryDirectory(prefix="f07-chaos-") as folder:
        Path(folder).chmod(0o755)
        project = Project(Path(folder) / "stub", real=False)
        for part in (full_disk, read_only, two_at_once, taken_port, clock_turned_back):
            part(project)
        deaths(project, MOMENTS, "the stub")
        deaths(Project(Path(folder) / "real", real=True), MOMENTS_REAL, "the real server and the oracle")
    return 0


if __name__ == "__main__":
    sys.exit(main())
