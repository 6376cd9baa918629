"""The page on the Python API and its example, each run as a reader would."""

from __future__ import annotations

import re
import sys

import pytest

import pytest_f07
from conftest import REPOSITORY, Checkout, lay_out

PAGE = (REPOSITORY / "docs" / "python-api.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(python|sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """The demo on the real server, with the two runs that the page says how to make."""
    checkout = Checkout(tmp_path_factory.mktemp("api"))
    lay_out(checkout.root)
    (checkout.root / "executions" / "07_deployrun" / "base_params.yaml").write_text("equivalence: 'off'\n")
    (checkout.variant / "params.yaml").write_text("parent_variant_f06: v601\nruntime: {port: 0}\nequivalence: 'off'\n")
    (checkout.root / "Makefile").write_text(checkout.f07("makefile").stdout)
    (checkout.root / ".venv").symlink_to(sys.prefix)
    commands = "".join(text for kind, text in BLOCK.findall(PAGE) if kind == "sh")
    done = checkout.call("bash", "-euo", "pipefail", "-c", commands)
    assert done.returncode == 0, done.stdout + done.stderr
    return checkout


def is_shown(line: str, output: str) -> bool:
    pattern = ".*".join(map(re.escape, line.split("…")))
    return re.search(f"^{pattern}$", output, re.MULTILINE) is not None


def test_the_page_prints_what_it_shows(demo: Checkout) -> None:
    blocks = BLOCK.findall(PAGE)
    script = "".join(text for kind, text in blocks if kind == "python")
    done = demo.call(sys.executable, "-W", "error", "-c", script)
    assert done.returncode == 0, done.stderr
    assert (demo.root / "v701.csv").read_text().startswith("prediction_name,TP,TN,FP,FN,")
    with (demo.variant / "metrics" / "metrics_per_model.csv").open("a") as file:
        file.write("\n")
    refused = demo.call(sys.executable, "-c", 'from pytest_f07 import read_run; print(read_run("v701").metrics)')
    assert refused.returncode == 1
    refusal = refused.stderr.splitlines()[-1].removeprefix("pytest_f07.errors.F07Error: ")
    lines = [line for kind, text in blocks if kind == "text" for line in text.splitlines()]
    assert [line for line in lines if not is_shown(line, f"{done.stdout}{refusal}")] == [], done.stdout


def test_the_page_names_all_that_is_public() -> None:
    names = [name for name in pytest_f07.__all__ if name != "Run"]
    names += [f"run.{name}" for name in vars(pytest_f07.Run) if not name.startswith("_")]
    assert [name for name in names if f"`{name}" not in PAGE and f"{name}`" not in PAGE] == []


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (("v702", "inverter_trip"), r"v402 +\d+ +\[3\] 0\.80(?s:.)*\n113 false positives of 1834 labelled rows\n"),
        (("v702", "trip"), r"model is 'trip'; v702 has feeder_overload, "),
        (("v799", "trip"), r"there is no variant v799: "),
    ],
)
def test_the_example_says_which_rows_are_wrong_or_what_is_wrong_with_the_call(
    demo: Checkout, arguments: tuple[str, str], shown: str
) -> None:
    done = demo.call(sys.executable, REPOSITORY / "docs" / "examples" / "false_positives.py", *arguments)
    assert re.search(shown, done.stdout + done.stderr), done.stdout + done.stderr
    assert "Traceback" not in done.stderr
