from __future__ import annotations

import os
import subprocess
import sys

import pytest

from benchmarks.memory import kind_of, sample_pss

COMMANDS = {
    "python -P -m pytest --f07-variant=v701 -W default": "pytest",
    "python -P -m pytest_f07.server manifest.json --socket 5": "server",
    "python -P -m pytest_f07.oracle folder": "oracle",
    "/bin/sh -c make": "other",
}


@pytest.mark.parametrize(("command", "kind"), COMMANDS.items(), ids=COMMANDS)
def test_a_process_is_known_by_its_command_line(command: str, kind: str) -> None:
    assert kind_of(command.split()) == kind


def test_what_a_process_below_holds_is_counted_and_nothing_of_one_that_ended() -> None:
    hold = "block = bytearray(b'x') * (64 << 20); print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert sample_pss(os.getpid())["other"] > 64
        process.communicate(b"\n")
    assert sample_pss(process.pid) == {}
