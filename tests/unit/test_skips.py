"""What is skipped in CI without a listed reason turns the session red (conftest.py)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ALLOWED_SKIPS, REPOSITORY

ONE_TEST = "import pytest\n{before}\ndef test_it():\n    {body}\n"
LISTED = next(iter(ALLOWED_SKIPS))
# lines before a test, the test's body; exit status in CI and elsewhere
CASES = {
    "nothing": ("", "pass", 0, 0),
    "listed": ("", f"pytest.skip({LISTED!r})", 0, 0),
    "in a test": ("", "pytest.skip('no browser here')", 1, 0),
    "by a mark": ("@pytest.mark.skipif(True, reason='no browser here')", "pass", 1, 0),
    "of a module": ("pytest.skip('no browser here', allow_module_level=True)", "pass", 5, 5),
    "a failure": ("", "assert False", 1, 1),
}


@pytest.mark.parametrize("case", CASES)
def test_a_skip_whose_reason_is_not_listed_fails_in_ci_alone(tmp_path: Path, case: str) -> None:
    before, body, in_ci, elsewhere = CASES[case]
    (tmp_path / "test_one.py").write_text(ONE_TEST.format(before=before, body=body))
    for variables, status in (({"CI": "true"}, in_ci), ({}, elsewhere)):
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "conftest", "-p", "no:f07", str(tmp_path)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stdout + done.stderr
        told = "not in ALLOWED_SKIPS of conftest.py: " in done.stdout
        assert told == ("no browser" in body + before and bool(variables))
