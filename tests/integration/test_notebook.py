"""nb7-run with a real Jupyter kernel: the same run, told by the notebook."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from conftest import REPOSITORY, Checkout, shadow_modules
from pytest_f07 import read_run
from tests.integration.test_resume import SMALL_SHARDS

for module in ("nbconvert", "ipykernel"):
    pytest.importorskip(module, reason="Jupyter is not installed in this environment (extra notebook)")


NOTEBOOK = REPOSITORY / "pytest_f07" / "commands" / "07_deployrun.ipynb"


def artefacts(checkout: Checkout) -> dict[str, bytes]:
    kept = tuple(f"07_deployrun/v701/{folder}" for folder in ("logs/", "metrics/", "report/figures/"))
    return {name: content for name, content in checkout.tree().items() if name.startswith(kept)}


def outputs(document: dict[str, Any]) -> str:
    return json.dumps([cell.get("outputs") for cell in document["cells"]])


def errors(document: dict[str, Any]) -> list[dict[str, Any]]:
    shown = [output for cell in document["cells"] for output in cell.get("outputs", [])]
    return [output for output in shown if output["output_type"] == "error"]


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
    assert "3 passed" in done.stdout  # and on the terminal, while it runs
    assert "no_ref_total" in told  # the metrics
    metrics = read_run("v701", checkout.root).metrics
    assert all(f"<td>{count}</td>" in told for count in metrics.TP), "a count is no float"
    assert told.count("data:image/png;base64,") == 6  # scores and confusion of each model
    assert "precision_at_this_base_rate" in told
    assert "11,514 predictions" in told  # the log, with its first rows
    assert "y_prob" in told
    assert copy.stat().st_mtime_ns >= (checkout.variant / "07_deployrun_metadata.json").stat().st_mtime_ns
    assert checkout.f07("check7", "--variant", "v701").returncode == 0


def test_a_log_in_parts_is_shown_too(checkout: Checkout) -> None:
    with (checkout.root / "conftest.py").open("a") as file:
        file.write(SMALL_SHARDS)
    with (checkout.variant / "params.yaml").open("a") as file:
        file.write("log: parts\n")
    done = checkout.f07("nb7-run", ACTIVE_VARIANT="v701")
    assert done.returncode == 0, done.stderr
    told = outputs(json.loads((checkout.variant / "07_deployrun.ipynb").read_text()))
    assert "11,514 predictions" in told
    assert "y_prob" in told


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
    document = json.loads((checkout.variant / "07_deployrun.ipynb").read_text())
    assert errors(document) == [], "a failed model is no error of the notebook"
    assert "ERROR: v701: feeder_overload failed; the sentences above say why" in done.stderr
    told = outputs(json.loads((checkout.variant / "07_deployrun.ipynb").read_text()))
    assert "F07-NONFINITE" in told
    assert told.count("data:image/png;base64,") == 6
    assert "feeder_overload: F07-NONFINITE  " in told
    assert "**failed**. The report for people: " in told


def test_a_run_that_is_not_complete_stops_the_notebook_with_one_line(checkout: Checkout) -> None:
    """The run before is still there: all models are skipped, which leaves it as it was."""
    (checkout.root / "conftest.py").write_text(
        "import pytest\n\ndef pytest_collection_modifyitems(items):\n"
        "    for item in items:\n        item.add_marker(pytest.mark.skip)\n"
    )
    done = checkout.f07("nb7-run", "--variant", "v701")
    assert done.returncode == 1
    assert done.stderr.endswith("ERROR: v701: the run is not complete; its output above says why\n")
    document = json.loads((checkout.variant / "07_deployrun.ipynb").read_text())
    [error] = errors(document)
    assert error["traceback"] == ["F07Error: v701: the run is not complete; its output above says why"]


def test_it_compares_with_an_earlier_run_and_papermill_names_the_variant(checkout: Checkout) -> None:
    """As papermill does with -p variant v702: the values in a cell of their own, after the one with the tag."""
    made = checkout.f07("variant7", "--variant", "v702", "--parent", "v601", "--port", "0")
    assert made.returncode == 0, made.stderr
    document = json.loads(NOTEBOOK.read_text())
    place = next(n for n, cell in enumerate(document["cells"]) if cell["metadata"].get("tags") == ["parameters"])
    injected = {
        **document["cells"][place],
        "id": "injected",
        "metadata": {},
        "source": 'variant = "v702"\ncompare = "v701"',
    }
    document["cells"].insert(place + 1, injected)
    folder = checkout.variant.with_name("v702")
    (folder / "07_deployrun.ipynb").write_text(json.dumps(document))
    line = ["-m", "nbconvert", "--execute", "--to", "notebook", "--inplace", "07_deployrun.ipynb"]
    done = Checkout(folder).call(sys.executable, *line)
    assert done.returncode == 0, done.stderr
    told = outputs(json.loads((folder / "07_deployrun.ipynb").read_text()))
    assert "against v701 of package v601: 5,668 common rows of 3 of 3 models; 0 flipped to right, 0 to wrong" in told
    assert (folder / "report" / "comparison.json").is_file()
    checked = checkout.f07("check7", "--variant", "v702")
    assert "ok  notebook   07_deployrun.ipynb shows this run\n" in checked.stdout
