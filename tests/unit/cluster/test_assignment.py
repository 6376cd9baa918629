"""What a worker is told of a run."""

from __future__ import annotations

import pickle
import sys

import pytest

from pytest_f07.cluster.assignment import Assignment, software_versions, version_fault

# What a nanny sets for its worker.
NANNY = {"OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MALLOC_TRIM_THRESHOLD_"}


def test_the_servers_command_is_this_machines(assignment: Assignment) -> None:
    assert assignment.server_arguments("/here/manifest.json") == [sys.executable, "-m", "server", "/here/manifest.json"]


def test_the_servers_environment_has_the_drivers_settings_and_none_of_a_nanny(
    assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in NANNY:
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "1")
    monkeypatch.setenv("PLANT", "north")
    environment = assignment.server_environment()
    assert environment["TF_ENABLE_ONEDNN_OPTS"] == "0"
    assert environment["PLANT"] == "north"
    assert not {"OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MALLOC_TRIM_THRESHOLD_"} & set(
        environment
    )


@pytest.mark.parametrize(
    ("versions", "fault"),
    [
        ({"tensorflow": "2.21.0", "numpy": "2"}, None),
        ({"tensorflow": "2.15.1", "numpy": "2"}, "its tensorflow is 2.15.1, and the driver's is 2.21.0"),
        ({"numpy": "2"}, "its tensorflow is missing, and the driver's is 2.21.0"),
    ],
)
def test_another_version_is_named(versions: dict[str, str], fault: str | None) -> None:
    assert version_fault({"tensorflow": "2.21.0"}, versions) == fault


def test_this_software_is_its_own() -> None:
    assert {"python", "pytest-f07", "tensorflow", "numpy", "pyarrow"} <= set(software_versions())
    assert version_fault(software_versions(), software_versions()) is None


def test_it_can_be_sent(assignment: Assignment) -> None:
    assert pickle.loads(pickle.dumps(assignment)) == assignment
