"""Test whole runs against servers of each protocol: small ones that no model is behind, so the oracle is not asked.

With models behind them the servers in tests/servers answer.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from xml.etree import ElementTree

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from flask import Flask

from conftest import REPOSITORY, F07Project
from pytest_f07 import read_run
from pytest_f07.variant.address import PROTOCOLS
from tests.metadata_schema import schema_errors
from tests.protocol_server import (
    Served,
    mlflow_app,
    open_inference_app,
    pipeline_app,
    rows_app,
    serving,
    window_sums,
)

WIDTHS = {"feeder_overload": 40, "inverter_trip.cnn": 12, "inverter_trip": 12}
SERVERS = {
    "tensorflow-serving": lambda served: rows_app(served, "NaN", metadata=True),
    "kserve-v1": lambda served: rows_app(served, "null", metadata=False),
    "open-inference": open_inference_app,
    "mlflow": mlflow_app,
}
TENSOR_CHECKS = {"rows", "identity", "threshold", "infer"}
LABEL_CHECKS = {"identity", "threshold", "infer", "equivalence_scores", "non_finite"}


@contextmanager
def served(project: F07Project, protocol: str, app: Flask) -> Iterator[str]:
    """Serve an application that params.yaml names."""
    with serving(app) as url:
        base = f"{url}/{{name}}" if protocol == "mlflow" else url
        project.set_params(equivalence="off", runtime={"url": base, "protocol": protocol})
        yield url


def labels(windows: list[list[int]]) -> Mapping[str, np.ndarray]:
    return {name: (window_sums(windows) + place) % 3 == 0 for place, name in enumerate(WIDTHS)}


def not_possible(project: F07Project) -> set[str]:
    return {key for key, state in project.metadata["checks"].items() if state.startswith("not possible: ")}


def junit_properties(project: F07Project) -> list[dict[str, str]]:
    cases = ElementTree.parse(project.variant / "report" / "junit.xml").iter("testcase")
    return [{str(entry.get("name")): str(entry.get("value")) for entry in case.iter("property")} for case in cases]


def check7(project: F07Project) -> str:
    done = project.pytester.run(sys.executable, "-m", "pytest_f07", "check7", "--variant", "v701")
    assert done.ret == 0, str(done.stdout)
    return str(done.stdout)


@pytest.mark.parametrize("protocol", SERVERS)
def test_a_server_of_tensors_is_validated_and_what_cannot_be_checked_is_told(
    f07_project: F07Project, protocol: str
) -> None:
    with served(f07_project, protocol, SERVERS[protocol](Served(WIDTHS))) as url:
        result = f07_project.run()
        result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(
        [
            "PASSED: 3 models passed, 4 of 9 checks not possible.",
            "f07: not possible with this server: Rows matched, Identity*",
        ]
    )
    result.stdout.fnmatch_lines(["f07: warning: vectorized by the validator: the deployed pre-processing is not part*"])
    assert not_possible(f07_project) == TENSOR_CHECKS
    assert f07_project.metadata["server"]["protocol"] == protocol
    assert f07_project.metadata["server"]["url"].startswith(url)
    for properties in junit_properties(f07_project):
        told = {key.removeprefix("check_") for key, value in properties.items() if value.startswith("not possible")}
        assert told == TENSOR_CHECKS
    report = (f07_project.variant / "report" / "report.html").read_text()
    assert "compute was not looked at: passed, 4 of 9 checks not possible." in report
    assert "not possible: the server does not tell which model files it serves" in report
    assert f"passed, 4 of 9 checks not possible, by the server at {url}" in check7(f07_project)


def test_labels_alone_are_logged_without_scores(f07_project: F07Project) -> None:
    with served(f07_project, "f07-json", pipeline_app(labels)):
        result = f07_project.run()
        result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["PASSED: 3 models passed, 5 of 9 checks not possible."])
    assert not_possible(f07_project) == LABEL_CHECKS
    logs = f07_project.variant / "logs"
    log = pq.read_table(logs / "raw_predictions.parquet")
    assert log["y_prob"].null_count == len(log) > 0
    assert log["y_pred"].null_count == 0
    with (logs / "raw_predictions.csv").open(newline="") as file:
        assert {row["y_prob"] for row in csv.DictReader(file)} == {""}
    with (f07_project.variant / "metrics" / "metrics_per_model.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["non_finite"] for row in rows} == {""}
    assert all(int(row["TP"]) + int(row["FP"]) > 0 for row in rows)
    assert json.loads((f07_project.variant / "metrics" / "metrics.json").read_text())["inverter_trip"]["TP"] > 0
    # Where there are labels alone, no score is one that is not a number.
    report = (f07_project.variant / "report" / "report.html").read_text()
    assert "Confusion of inverter_<wbr>trip" in report
    assert "not a number</th>" not in report
    assert "passed, 5 of 9 checks not possible" in check7(f07_project)
    run = read_run("v701", f07_project.root)
    assert run.metrics.non_finite.isna().all()
    assert run.predictions(model="inverter_trip").y_prob.isna().all()
    assert all(batch.column("y_prob").null_count == batch.num_rows for batch in run.prediction_batches())
    assert schema_errors(run.metadata) == []


def test_two_runs_of_labels_alone_are_alike_and_can_be_compared(f07_project: F07Project) -> None:
    with served(f07_project, "f07-json", pipeline_app(labels)):
        f07_project.run().assert_outcomes(passed=3)
        first = f07_project.artefacts()
        f07_project.variant7("v702", "v601")
        params = f07_project.variant / "params.yaml"
        (f07_project.variant.parent / "v702" / "params.yaml").write_text(params.read_text())
        f07_project.run().assert_outcomes(passed=3)
        assert f07_project.artefacts() == first
        result = f07_project.pytester.runpytest_subprocess("--f07-variant=v702", "--f07-compare=v701")
        result.assert_outcomes(passed=3)
    report = (f07_project.variant.parent / "v702" / "report" / "report.html").read_text()
    assert "Against v701" in report
    assert "cannot be compared" not in report
    of_run = json.loads((f07_project.variant.parent / "v702" / "report" / "comparison.json").read_text())
    assert read_run("v702", f07_project.root).compare("v701").document == of_run


def other_labels(windows: list[list[int]]) -> Mapping[str, np.ndarray]:
    """Return other labels for every seventh sum."""
    return {name: answers ^ (window_sums(windows) % 7 == 0) for name, answers in labels(windows).items()}


def test_two_servers_are_compared_as_two_variants(f07_project: F07Project) -> None:
    with served(f07_project, "f07-json", pipeline_app(labels)) as url_then:
        f07_project.run().assert_outcomes(passed=3)
    f07_project.variant7("v702", "v601")
    folder = f07_project.variant.parent / "v702"
    with serving(pipeline_app(other_labels)) as url_now:
        arguments = [f"--f07-server-url={url_now}", "--f07-protocol=f07-json", "--f07-compare=v701"]
        (folder / "params.yaml").write_text((f07_project.variant / "params.yaml").read_text())
        result = f07_project.pytester.runpytest_subprocess("--f07-variant=v702", *arguments)
        result.assert_outcomes(passed=3)
    comparison = json.loads((folder / "report" / "comparison.json").read_text())
    assert comparison["servers"] == {"then": f"{url_then} (f07-json)", "now": f"{url_now} (f07-json)"}
    result.stdout.fnmatch_lines(
        [f"f07: against v701 of package v601 (server: {url_then} (f07-json) then, {url_now} (f07-json) now): 5,668 *"]
    )
    logs = [
        (path / "logs" / "raw_predictions.csv").read_text().splitlines()[1:] for path in (f07_project.variant, folder)
    ]
    flipped = sum(then != now for then, now in zip(*logs, strict=True))
    counted = [model["flips"]["to_1"] + model["flips"]["to_0"] for model in comparison["models"].values()]
    assert sum(counted) == flipped > 0
    assert all(model["flips"]["compared"] == 3838 for model in comparison["models"].values())
    report = (folder / "report" / "report.html").read_text()
    assert "Newly wrong, of its own dataset v401" in report
    assert ">nan<" not in report


FAULTS = {
    ("tensorflow-serving", "version"): "the server changed during the run: models.*.available_versions was 1, and is 2",
    ("open-inference", "version"): "answered as version 2, and before as version 1",
    ("kserve-v1", "noise"): "F07-REPEAT  feeder_overload: equal windows have unequal scores: *",
}


@pytest.mark.parametrize(("server", "message"), FAULTS.items(), ids=[" ".join(key) for key in FAULTS])
def test_what_goes_wrong_in_the_middle_fails_the_run(
    f07_project: F07Project, server: tuple[str, str], message: str
) -> None:
    protocol, fault = server
    with served(f07_project, protocol, SERVERS[protocol](Served(WIDTHS, fault=fault))):
        result = f07_project.run()
    assert result.ret == 1
    result.stdout.fnmatch_lines([f"*{message}*"])


REFUSED = {
    ("tensorflow-serving", "loading"): "is not available: version 1 is LOADING",
    ("kserve-v1", "lost"): "asked about the first rows of v401: .* answered 255 of 256 rows",
    ("open-inference", "width"): "takes rows of shape .*: is it another model?",
    ("mlflow", "ints"): "answered whole numbers",
}


@pytest.mark.parametrize(("server", "message"), REFUSED.items(), ids=[" ".join(key) for key in REFUSED])
def test_a_server_that_cannot_be_validated_is_refused_before_anything_is_touched(
    f07_project: F07Project, server: tuple[str, str], message: str
) -> None:
    protocol, fault = server
    with served(f07_project, protocol, SERVERS[protocol](Served(WIDTHS, fault=fault))):
        f07_project.assert_refused(message)


def test_the_token_is_in_no_file_and_no_line(f07_project: F07Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("F07_TOKEN", "s3cr3t-t0ken")
    with served(f07_project, "kserve-v1", SERVERS["kserve-v1"](Served(WIDTHS))) as url:
        runtime = {"url": url, "protocol": "kserve-v1", "token_env": "F07_TOKEN"}
        f07_project.set_params(equivalence="off", runtime=runtime)
        result = f07_project.run()
        result.assert_outcomes(passed=3)
        f07_project.set_params(equivalence="off", runtime={**runtime, "timeout_s": 1e-9})
        refused = f07_project.run()
    assert refused.ret == 4
    assert "s3cr3t" not in f"{result.stdout}{result.stderr}{refused.stdout}{refused.stderr}"
    for path in f07_project.root.rglob("*"):
        assert not path.is_file() or b"s3cr3t" not in path.read_bytes(), path


PAGE = (REPOSITORY / "docs" / "running-server.md").read_text(encoding="utf-8")
EXAMPLES = {
    example["runtime"]["protocol"]: example["runtime"]
    for example in map(yaml.safe_load, re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))
}


def example_app(protocol: str) -> Flask:
    """Return a server of the page's names of the models."""
    if protocol == "f07-json":
        return pipeline_app(labels)
    return SERVERS[protocol](Served({**WIDTHS, "trip": WIDTHS["inverter_trip"]}))


@pytest.mark.parametrize("protocol", [protocol for protocol in PROTOCOLS if protocol != "f07"])
def test_the_pages_example_runs(f07_project: F07Project, protocol: str) -> None:
    with serving(example_app(protocol)) as url:
        # The page's servers have a port each; here MLflow's are folders of one server.
        runtime = EXAMPLES[protocol]
        runtime["url"] = url
        for name, model in runtime.get("models", {}).items():
            if "url" in model:
                model["url"] = f"{url}/{name}"
        f07_project.set_params(equivalence="off", runtime=runtime)
        f07_project.run().assert_outcomes(passed=3)


def test_the_page_has_an_example_of_each_protocol() -> None:
    assert set(EXAMPLES) == set(PROTOCOLS)
