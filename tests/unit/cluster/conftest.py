"""Dask is an extra, and half of these modules need it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_f07.cluster.assignment import Assignment
from pytest_f07.variant.manifest import Manifest, load
from pytest_f07.variant.params import Params
from pytest_f07.variant.paths import Project
from tests.unit.small_package import make_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The driver's project."""
    return make_project(tmp_path / "driver")


@pytest.fixture
def loaded(project: Project) -> Manifest:
    return load(project, "v701")


@pytest.fixture
def assignment(project: Project, loaded: Manifest) -> Assignment:
    """What workers are told of v701."""
    return make_assignment(project, loaded)


def make_assignment(project: Project, loaded: Manifest, **changes: object) -> Assignment:
    assert loaded.files is not None
    values: dict[str, object] = {
        "nonce": "n" * 32,
        "root": str(project.root),
        "variant": "v701",
        "package": loaded.package.name,
        "manifest_sha256": loaded.digest,
        "files": loaded.files,
        "params": Params.read(loaded.paths.params, "params.yaml"),
        "arguments": ("/driver/python", "-m", "server", "/driver/manifest.json"),
        "executable": "/driver/python",
        "manifest": "/driver/manifest.json",
        "kernel_settings": {"TF_ENABLE_ONEDNN_OPTS": "0"},
        "versions": {},
        **changes,
    }
    return Assignment(**values)  # type: ignore[arg-type]
