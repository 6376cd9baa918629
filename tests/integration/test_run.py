"""The demo, whole, on the real server: what a user finds afterwards."""

from __future__ import annotations

import csv
import html
import json
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from hashlib import sha256
from importlib import metadata
from pathlib import Path

import h5py
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from conftest import REAL_PACKAGES, Checkout, F07Project, lay_out
from tests.metadata_schema import schema_errors

NAMES = ["feeder_overload", "inverter_trip", "inverter_trip.cnn"]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """The demo, run once; TensorFlow takes its time."""
    checkout = Checkout(tmp_path_factory.mktemp("demo"))
    lay_out(checkout.root)
    (checkout.variant / "params.yaml").write_text("parent_variant_f06: v601\nruntime: {port: 0}\n")
    done = checkout.run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "= 3 passed in " in done.stdout
    assert "\nPASSED: 3 models passed.\n" in done.stdout
    return checkout


@pytest.fixture
def done(f07_project: F07Project, demo: Checkout) -> F07Project:
    """A copy of it."""
    shutil.copytree(demo.variant, f07_project.variant, dirs_exist_ok=True)
    return f07_project


def test_the_demo_passes_and_leaves_every_artefact(done: F07Project) -> None:
    expected = {
        "manifest.json",
        "params.yaml",
        "runtime/server.log",
        "logs/raw_predictions.parquet",
        "logs/raw_predictions.csv",
        "metrics/metrics_per_model.csv",
        "metrics/metrics.json",
        *(f"metrics/models/{name}.json" for name in NAMES),
        "report/report.html",
        "report/junit.xml",
        "07_deployrun_metadata.json",
        "report/figures/comparison.png",
        *(f"report/figures/{kind}_{name}.png" for name in NAMES for kind in ("confusion", "scores")),
    }
    assert {path.relative_to(done.variant).as_posix() for path in done.variant.rglob("*") if path.is_file()} == expected

    # metadata: what the other phases write, and digests of all that was written
    written = done.metadata
    assert schema_errors(written) == []
    assert written["stage"] == "07_deployrun"
    assert (written["variant"], written["parent_variant"], written["outcome"]) == ("v701", "v601", "passed")
    assert written["counts"]["predictions"] == 3 * written["counts"]["windows"]
    for name, digest in written["sha256"].items():
        assert sha256((done.variant / name).read_bytes()).hexdigest() == digest
    assert {"report/report.html", "report/junit.xml", "logs/raw_predictions.csv"} <= set(written["sha256"])

    # parquet and CSV: the same rows, the contract's types, every y_pred as its score says
    log = pq.read_table(done.variant / "logs" / "raw_predictions.parquet")
    assert [(field.name, field.type) for field in log.schema] == [
        ("window", pa.string()),
        ("prediction_name", pa.string()),
        ("y_pred", pa.int8()),
        ("y_prob", pa.float32()),
        ("dataset", pa.string()),
        ("row", pa.int64()),
    ]
    with (done.variant / "logs" / "raw_predictions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == log.num_rows == written["counts"]["predictions"]
    for ours, theirs in zip(rows, log.to_pylist(), strict=True):
        assert ours["window"] == theirs["window"]
        assert (ours["dataset"], int(ours["row"])) == (theirs["dataset"], theirs["row"])
        assert pa.scalar(float(ours["y_prob"]), pa.float32()).as_py() == pytest.approx(
            theirs["y_prob"], nan_ok=True, abs=0
        )
    assert [row["prediction_name"] for row in rows[:3]] == NAMES

    # the report: one file, metrics in the table, a picture for each model, the warning
    report = (done.variant / "report" / "report.html").read_text().replace("<wbr>", "")
    [blob] = [json.loads(html.unescape(text)) for text in re.findall(r'data-jsonblob="([^"]*)"', report)]
    assert blob["title"] == "F07 runtime validation: v701 of package v601"
    models = report.split('<tbody id="')[1:]
    assert [model.split('"')[0] for model in models] == NAMES
    for model, row in zip(models, _metrics(done.variant), strict=True):
        assert f">{float(row['precision']):.4f}<" in model
        assert f"<caption>Confusion of {row['prediction_name']}</caption>" in model
        assert model.count("<figure") >= 1
    assert "PASSED" in report
    assert "65 scores of other datasets are not numbers" in report
    assert not re.search(r'(src|href)="(?!data:|#|https://pypi)[^"]', report.replace('src=""', ""))

    # junit: the metrics as properties
    cases = ET.parse(done.variant / "report" / "junit.xml").getroot().iter("testcase")
    for case, row in zip(cases, _metrics(done.variant), strict=True):
        properties = {element.attrib["name"]: element.attrib["value"] for element in case.iter("property")}
        assert properties["TP"] == row["TP"]
        assert float(properties["f1"]) == float(row["f1"])
        assert properties["code"] == ""


def test_no_reference_counts_are_not_zero_and_the_books_balance(done: F07Project) -> None:
    windows = done.metadata["counts"]["rows"]
    for row in _metrics(done.variant):
        own = "v401" if row["prediction_name"] == "feeder_overload" else "v402"
        labelled = sum(int(row[key]) for key in ("TP", "TN", "FP", "FN"))
        assert 0 < labelled <= windows[own]
        assert 0 < int(row["no_ref_total"]) == int(row["no_ref_pred_1"]) + int(row["no_ref_pred_0"])
        assert labelled + int(row["no_ref_total"]) < sum(windows.values())


def test_two_runs_give_the_same_bytes(done: F07Project) -> None:
    first = done.artefacts()
    assert done.run().ret == 0
    assert done.artefacts() == first


def test_without_waitress_the_answers_are_the_same(done: F07Project, monkeypatch: pytest.MonkeyPatch) -> None:
    first = done.artefacts()
    hidden = "import sys; sys.modules['waitress'] = sys.modules['waitress.server'] = None\n"
    (done.root / "sitecustomize.py").write_text(hidden)
    monkeypatch.setenv("PYTHONPATH", str(done.root))
    done.set_params(equivalence="off")
    assert done.pytester.runpytest_subprocess("--f07-variant=v701").ret == 0
    assert done.artefacts() == first


def test_an_older_manifest_still_runs_with_a_warning(done: F07Project) -> None:
    first = done.artefacts()
    path = done.variant / "manifest.json"
    document = json.loads(path.read_text())
    del document["files"]
    for entry in document["models"]:
        entry["model_dir"] = "/srv/elsewhere/" + entry["model_dir"]
        entry["dataset_path"] = "/srv/elsewhere/" + entry["dataset_path"]
    for entry in document["datasets"]:
        entry["dataset_path"] = "/srv/elsewhere/" + entry["dataset_path"]
    document["f06_path"] = "/srv/elsewhere"
    path.write_text(json.dumps(document))
    done.set_params(equivalence="off")
    result = done.run()
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*warning: the manifest of v701 is not sealed*"])
    assert done.artefacts() == first


SAVE = """
import json, sys, keras
path = sys.argv[1]
made = json.load(open(path + "/model_summary.json"))["vectorization"]
layers = [keras.layers.Dense(4, activation="relu"), keras.layers.BatchNormalization()]
last = keras.layers.Dense(1, activation="sigmoid")
keras.Sequential([keras.layers.Input((made["input_dim"],)), *layers, last]).save(path + "/model.h5")
"""


def test_a_model_of_keras_3_runs_or_is_refused_in_one_line(f07_project: F07Project) -> None:
    folder = f07_project.package / "models" / "feeder_overload__feeder_overload"
    keras_3 = not metadata.version("keras").startswith("2")
    if keras_3:
        subprocess.run([sys.executable, "-c", SAVE, str(folder)], check=True, capture_output=True)
    else:
        with h5py.File(folder / "model.h5", "r+") as file:
            file.attrs["keras_version"] = "3.15.1"
    f07_project.variant7("v702", "v601")
    result = f07_project.run(variant="v702")
    if keras_3:
        result.assert_outcomes(passed=3)
    else:
        assert result.ret == 4
        result.stderr.fnmatch_lines(["ERROR: *model.h5: was saved by Keras 3.15.1, and this environment has *"])


def test_a_model_that_keras_cannot_load_is_named(f07_project: F07Project) -> None:
    with h5py.File(f07_project.package / "models" / "inverter_trip__inverter_trip" / "model.h5", "r+") as file:
        weights = file["model_weights"]
        weights.attrs["layer_names"] = weights.attrs["layer_names"][:-1]
    f07_project.variant7("v702", "v601")
    result = f07_project.run(variant="v702")
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(
        ["F07-BROKEN  *: the server died at start-up (models/inverter_trip__*/model.h5: Keras cannot load it*"]
    )


@pytest.mark.skipif(not REAL_PACKAGES.is_dir(), reason="the real packages are not beside this checkout")
@pytest.mark.parametrize(("package", "failing", "passing"), [("v601", 1, 3), ("v603", 0, 1)])
def test_real_packages_give_the_expected_metrics(
    f07_project: F07Project, package: str, failing: int, passing: int
) -> None:
    shutil.rmtree(f07_project.root / "executions")
    shutil.copytree(REAL_PACKAGES / "executions", f07_project.root / "executions", copy_function=shutil.copyfile)
    for folder in [f07_project.root / "executions", *(f07_project.root / "executions").rglob("*")]:
        folder.chmod(0o755)
    f07_project.variant7("v701", package)
    result = f07_project.run()
    result.assert_outcomes(passed=passing, failed=failing)
    assert result.ret == (1 if failing else 0)
    with (REAL_PACKAGES / "expected" / package / "expected_metrics.csv").open() as file:
        expected = list(csv.DictReader(file))
    metrics = _metrics(f07_project.variant)
    assert [{key: row[key] for key in expected[0]} for row in metrics] == expected
    if failing:
        result.stdout.fnmatch_lines(
            ["F07-NONFINITE  pvpcs_active_power_any-to-80_100: 34,305 of 34,305 scores of its own dataset *"]
        )
        assert [row["non_finite"] for row in metrics] == ["0", "137220", "0", "0"]
        assert f07_project.metadata["outcome"] == "failed"


def _metrics(variant: Path) -> list[dict[str, str]]:
    with (variant / "metrics" / "metrics_per_model.csv").open(newline="") as file:
        return list(csv.DictReader(file))
