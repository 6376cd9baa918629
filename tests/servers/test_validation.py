"""Whole runs against each server: the right one passes with Keras's metrics, each planted fault is red."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from conftest import REAL_PACKAGES, REPOSITORY, F07Project
from tests.servers.running import RunningServer, serve

Start = Callable[[str], RunningServer]
# By name: the kind of server, its protocol, and how many of the nine checks are not possible.
DEPLOYMENTS = {
    "kserve v1": ("kserve", "kserve-v1", 4),
    "kserve v2": ("kserve", "open-inference", 4),
    "mlserver": ("mlserver", "open-inference", 4),
    "triton": ("triton", "open-inference", 4),
    "mlflow": ("mlflow", "mlflow", 4),
    "tensorflow serving": ("tensorflow_serving", "tensorflow-serving", 4),
    "pipeline": ("pipeline", "f07-json", 4),
}
COUNTS = ("TP", "TN", "FP", "FN", "precision", "recall", "f1", "no_ref_pred_1", "no_ref_pred_0")


def runtime(server: RunningServer, protocol: str) -> dict[str, Any]:
    """Return the part of params.yaml that names a server."""
    first, *others = server.urls.values()
    models = {name: {"url": url} for name, url in server.urls.items()} if set(others) - {first} else {}
    return {"url": first, "protocol": protocol, **({"models": models} if models else {})}


@contextmanager
def deployed(project: F07Project, start: Start, name: str, fault: str = "none", **params: Any) -> Iterator[None]:
    """Let params.yaml name a running server, with a fault from then on."""
    kind, protocol, _ = DEPLOYMENTS[name]
    server = start(kind)
    project.set_params(runtime=runtime(server, protocol), **params)
    server.plant(fault)
    try:
        yield
    finally:
        server.plant("none")


def metrics(folder: Path) -> dict[str, Mapping[str, str]]:
    with (folder / "metrics" / "metrics_per_model.csv").open(newline="") as file:
        return {row["prediction_name"]: {key: row[key] for key in COUNTS} for row in csv.DictReader(file)}


@pytest.fixture(scope="session")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Mapping[str, str]]:
    """The metrics of the demo behind the server that a run starts itself."""
    root = tmp_path_factory.mktemp("expected")
    shutil.copytree(REPOSITORY / "executions" / "06_packaging" / "v601", root / "executions" / "06_packaging" / "v601")
    variant = root / "executions" / "07_deployrun" / "v701"
    variant.mkdir(parents=True)
    shutil.copy(REPOSITORY / "executions" / "07_deployrun" / "v701" / "manifest.json", variant)
    (variant / "params.yaml").write_text("parent_variant_f06: v601\nruntime: {port: 0}\n")
    subprocess.run([sys.executable, "-m", "pytest", "--f07-variant=v701"], cwd=root, check=True, capture_output=True)
    return metrics(variant)


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_the_demo_passes_with_the_metrics_that_keras_gives(
    f07_project: F07Project, start: Start, expected: Mapping[str, Mapping[str, str]], name: str
) -> None:
    with deployed(f07_project, start, name):
        result = f07_project.run()
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines([f"PASSED: * passed, {DEPLOYMENTS[name][2]} of 9 checks not possible."])
    assert metrics(f07_project.variant) == expected


# What each fault of a server that gives scores is told as.
RED = {
    "off_by_one": "*F07-EQUIVALENCE*the scores are right and stand at wrong rows*",
    "rows_swapped": "*F07-EQUIVALENCE*the scores are right and stand at wrong rows*",
    "nan_as_number": "*F07-EQUIVALENCE  inverter_trip: *no number by the oracle*",
    "float16": "*F07-EQUIVALENCE*differ by up to*",
    "model_swapped": "*F07-EQUIVALENCE  inverter_trip: *",
}


@pytest.mark.parametrize("fault", RED)
@pytest.mark.parametrize("name", ["kserve v1", "mlserver", "mlflow", "triton"])
def test_a_planted_fault_is_red(f07_project: F07Project, start: Start, name: str, fault: str) -> None:
    with deployed(f07_project, start, name, fault, sample_size=600):
        result = f07_project.run()
    assert result.ret == 1
    result.stdout.fnmatch_lines([RED[fault]])


@pytest.mark.parametrize("name", ["kserve v1", "kserve v2", "mlserver", "mlflow", "tensorflow serving"])
def test_whole_numbers_in_place_of_scores_are_refused_before_the_run(
    f07_project: F07Project, start: Start, name: str
) -> None:
    with deployed(f07_project, start, name, "ints"):
        f07_project.assert_refused("scores that were cut off")


@pytest.mark.parametrize("name", ["kserve v1"])
def test_a_tolerance_in_params_yaml_lets_float16_pass_and_is_told(
    f07_project: F07Project, start: Start, name: str
) -> None:
    with deployed(f07_project, start, name, "float16", equivalence={"tolerance": 1e-3}):
        result = f07_project.run()
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["PASSED: * passed with scores up to 0.001 apart, 4 of 9 checks not possible."])


@pytest.mark.skipif(not REAL_PACKAGES.is_dir(), reason="the real packages are not beside this checkout")
@pytest.mark.parametrize(("package", "failing", "passing"), [("v601", 1, 3), ("v603", 0, 1)])
@pytest.mark.parametrize(("kind", "protocol"), [("kserve", "kserve-v1"), ("mlserver", "open-inference")])
def test_real_packages_give_the_expected_metrics(
    f07_project: F07Project, tmp_path: Path, kind: str, protocol: str, package: str, failing: int, passing: int
) -> None:
    executions = f07_project.root / "executions"
    shutil.rmtree(executions)
    shutil.copytree(REAL_PACKAGES / "executions", executions, copy_function=shutil.copyfile)
    for folder in [executions, *executions.rglob("*")]:
        folder.chmod(0o755)
    f07_project.variant7("v701", package)
    with serve(kind, executions / "06_packaging" / package, tmp_path) as server:
        params = {"parent_variant_f06": package, "batch_size": 2048, "runtime": runtime(server, protocol)}
        (f07_project.variant / "params.yaml").write_text(json.dumps(params))
        result = f07_project.run()
    result.assert_outcomes(passed=passing, failed=failing)
    with (REAL_PACKAGES / "expected" / package / "expected_metrics.csv").open() as file:
        expected = list(csv.DictReader(file))
    with (f07_project.variant / "metrics" / "metrics_per_model.csv").open(newline="") as file:
        assert [{key: row[key] for key in expected[0]} for row in csv.DictReader(file)] == expected
    if failing:
        name = "pvpcs_active_power_any-to-80_100"
        result.stdout.fnmatch_lines([f"F07-NONFINITE  {name}: 34,305 of 34,305 scores of its own dataset *"])
