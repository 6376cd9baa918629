"""What Keras says of a file that it cannot load, in one line that keeps the cause."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
from pytest_f07.server.models import reason
print(reason(ValueError("short\\n  one")))
print(reason(TypeError("Dense could not be deserialized. " + "config " * 200 + "Exception encountered: unknown key x")))
"""


def test_the_end_of_a_long_message_stays() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    short, long = done.stdout.splitlines()
    assert short == "short one"
    assert long.startswith("Dense could not be deserialized. config")
    assert " … " in long
    assert long.endswith("config Exception encountered: unknown key x")
    assert len(long) < 600
