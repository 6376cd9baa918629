"""nb7-run with a real Jupyter kernel: the same run, told by the notebook."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conftest import REPOSITORY, Checkout, shadow_modules

for module in ("nbconvert", "ipykernel", "pandas"):
    pytest.importorskip(module, reason="Jupyter is not installed in this environment (extra notebook)")


NOTEBOOK = REPOSITORY / "pytest_f07" / "commands" / "07_deployrun.ipynb"


def artefacts(checkout: Checkout) -> dict[str, bytes]:
    kept = tuple(f"07_deployrun/v701/{folder}" for folder in ("logs/", "metrics/", "report/figures/"))
    return {name: content for name, content in checkout.tree().items() if name.startswith(kept)}


def outputs(document: dict[str, Any]) -> str:
    return json.dumps([cell.get("outputs") for cell in document["cells"]])


def test_the_artefacts_are_those_of_the_script_and_the_copy_shows_them(checkout: Checkout) -> None:
    scripted, committed = artefacts(checkout), NOTEBOOK.read_bytes()
    before = (checkout.variant / "07_deployrun_metadata.json").read_bytes()
    done = checkout.f07("nb7-run", ACTIVE_VARIANT="v701")
    assert done.returncode == 0, done.stderr
    assert artefacts(checkout) == scripted
    assert (checkout.variant / "07_deployrun_metadata.json").read_bytes() != before
    assert NOTEBOOK.read_bytes() == committed
    copy = checkout.variant / "07_deployrun.ipynb"
    told = outputs(json.loads(copy.read_text()))
    assert "3 passed" in told  # the run's own lines
    assert "no_ref_total" in told  # the metrics
    assert told.count('"image/png": "') == 3  # the figures
    assert "11,514 predictions in" in told  # the log, with its first rows
    assert "y_prob" in told
    assert copy.stat().st_mtime_ns >= (checkout.variant / "07_deployrun_metadata.json").stat().st_mtime_ns
    assert checkout.f07("check7", "--variant", "v701").returncode == 0


def test_the_kernel_is_of_this_interpreter_whatever_is_registered_or_called_like_a_module(
    checkout: Checkout, tmp_path: Path
) -> None:
    spec = tmp_path / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    spec.write_text(json.dumps({"argv": ["false"], "display_name": "another environment", "language": "python"}))
    shadow_modules(checkout.root)
    done = checkout.f07("nb7-run", ACTIVE_VARIANT="v701", JUPYTER_PATH=str(tmp_path), PYTHONWARNINGS="error")
    assert done.returncode == 0, done.stderr
    assert "3 passed" in outputs(json.loads((checkout.variant / "07_deployrun.ipynb").read_text()))


def test_a_failed_model_leaves_the_copy_and_a_status(checkout: Checkout) -> None:
    checkout.stub("nan")
    done = checkout.f07("nb7-run", "--variant", "v701")
    assert done.returncode == 1
    assert "ERROR: v701: feeder_overload failed; the sentences above say why" in done.stderr
    told = outputs(json.loads((checkout.variant / "07_deployrun.ipynb").read_text()))
    assert "F07-NONFINITE" in told
    assert told.count('"image/png": "') == 3
