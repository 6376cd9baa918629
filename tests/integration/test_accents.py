"""Models with accents in their names: selected, drawn, reported and sealed by the names they have."""

from __future__ import annotations

import csv
import json
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Literal
from unicodedata import normalize

import pyarrow.parquet as pq
import pytest

from conftest import F07Project
from pytest_f07.results.metric_table import LIMITS
from pytest_f07.variant.create import create_variant
from pytest_f07.variant.paths import Project

ITEM = "executions/07_deployrun/v701/manifest.json::test_runtime_validation"
RENAMED = {"feeder_overload": "batería_alta", "inverter_trip": "電池", "inverter_trip.cnn": "1e3"}
NAMES = list(RENAMED.values())


@pytest.fixture
def accented(f07_stub: F07Project) -> F07Project:
    """The demo package with other names, as macOS lists and stores them, and v701 of it."""
    metadata = f07_stub.package / "06_packaging_metadata.json"
    document = json.loads(metadata.read_text())
    for entry in document["params"]["models"]:
        old, new = entry["prediction_name"], normalize("NFD", RENAMED[entry["prediction_name"]])
        entry.update(prediction_name=new, model_id=new)
        folder = (f07_stub.package / "models" / f"{old}__{old}").rename(f07_stub.package / "models" / f"{new}__{new}")
        summary = folder / "model_summary.json"
        summary.write_text(json.dumps({**json.loads(summary.read_text()), "prediction_name": new}))
    # A byte order mark, as editors of Windows write one.
    metadata.write_text(json.dumps(document), encoding="utf-8-sig")
    shutil.rmtree(f07_stub.variant)
    create_variant(Project(f07_stub.root), "v701", "v601", {"port": 0}, LIMITS)
    (f07_stub.variant / "params.yaml").write_text(
        "parent_variant_f06: v601\nruntime: {port: 0}\nrequire: {1e3: {recall: 0}, bateri\u0301a_alta: {recall: 0}}\n"
    )
    return f07_stub


def test_every_artefact_keeps_the_names(accented: F07Project) -> None:
    result = accented.run("-v")
    result.stdout.fnmatch_lines([f"{ITEM}[[]{name}] PASSED*" for name in NAMES])
    assert result.ret == 0
    report = accented.variant / "report"
    assert {path.name for path in (report / "figures").iterdir()} == {
        "comparison.png",
        *(f"{kind}_{name}.png" for kind in ("confusion", "scores") for name in NAMES),
    }
    cases = ET.parse(report / "junit.xml").getroot().iter("testcase")
    assert [case.get("name") for case in cases] == [f"test_runtime_validation[{name}]" for name in NAMES]
    page = (report / "report.html").read_text(encoding="utf-8").replace("<wbr>", "")
    assert all(f"Confusion of {name}<" in page for name in NAMES)
    with (accented.variant / "metrics" / "metrics_per_model.csv").open(encoding="utf-8", newline="") as file:
        assert [row["prediction_name"] for row in csv.DictReader(file)] == NAMES
    assert list(accented.metadata["models"]) == NAMES
    log = pq.read_table(accented.variant / "logs" / "raw_predictions.parquet", columns=["prediction_name"])
    assert set(log["prediction_name"].to_pylist()) == set(NAMES)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("arguments", [("-k", "batería"), (f"{ITEM}[batería_alta]",)], ids=["-k", "node id"])
def test_a_model_is_selected_by_its_name(
    accented: F07Project, form: Literal["NFC", "NFD"], arguments: tuple[str, ...]
) -> None:
    result = accented.run("--collect-only", "-q", *(normalize(form, argument) for argument in arguments))
    assert result.ret == 0
    assert [line for line in result.outlines if "::" in line] == [f"{ITEM}[batería_alta]"]


def test_a_seal_holds_wherever_accents_are_spelt_otherwise(accented: F07Project) -> None:
    """What a clone on another system does to the names of folders."""
    before = json.loads((accented.variant / "manifest.json").read_text(encoding="utf-8"))
    assert all(name == normalize("NFC", name) for name in before["files"])
    for folder in (accented.package / "models").iterdir():
        folder.rename(folder.with_name(normalize("NFC", folder.name)))
    assert accented.run("--collect-only").ret == 0
    assert accented.run("--setup-only").ret == 0


def test_ids_of_other_tests_are_as_pytest_makes_them(accented: F07Project) -> None:
    Path(accented.root, "test_host.py").write_text(
        "import pytest\n@pytest.mark.parametrize('prediction_name', ['í'])\ndef test_host(prediction_name): pass\n",
        encoding="utf-8",
    )
    result = accented.pytester.runpytest_subprocess("--collect-only", "-q", "test_host.py")
    assert "test_host.py::test_host[\\xed]" in result.outlines
