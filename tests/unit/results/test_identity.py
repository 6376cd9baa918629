"""Test the server's description of its models beside the seal and the files of the package."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_f07.results.identity import ServedModel, served_models
from pytest_f07.variant.manifest import Manifest
from pytest_f07.variant.package import Model
from tests.unit.small_run import model, run_result


@pytest.fixture
def package(tmp_path: Path) -> tuple[Manifest, Model]:
    """Return an unsealed manifest, and a model whose file has four bytes."""
    manifest = run_result(tmp_path, {}).manifest
    folder = manifest.package.model_folder("a__m1")
    folder.mkdir(parents=True)
    (folder / "model.h5").write_bytes(b"file")
    return manifest, replace(model("a", "v401"), folder=folder)


@pytest.mark.parametrize(
    ("loaded", "sha256", "layers", "needs"),
    [
        (
            [{"prediction_name": "a", "sha256": "f" * 64, "broken_layers": ["d"], "needs_a_code": True}],
            "f" * 64,
            ["d"],
            True,
        ),
        ([{"prediction_name": "b", "sha256": "f" * 64}], "unknown", [], False),
        ([], "unknown", [], False),
    ],
)
def test_a_model_that_the_server_does_not_name_is_unknown(
    package: tuple[Manifest, Model], loaded: list[dict[str, Any]], sha256: str, layers: list[str], needs: bool
) -> None:
    manifest, model = package
    digest = hashlib.sha256(b"file").hexdigest()
    assert served_models({"loaded": loaded}, manifest, [model]) == {"a": ServedModel(sha256, digest, layers, needs)}


def test_the_seal_says_which_file_it_must_be(package: tuple[Manifest, Model]) -> None:
    manifest, model = package
    sealed = replace(manifest, files={"models/a__m1/model.h5": {"sha256": "e" * 64, "size": 4}})
    assert served_models({}, sealed, [model])["a"].expected_sha256 == "e" * 64


def test_a_server_that_tells_nothing_of_its_files_is_blamed_for_nothing(package: tuple[Manifest, Model]) -> None:
    manifest, model = package
    served = served_models(None, manifest, [model])["a"]
    assert served.sha256 is None
    assert served.explain().startswith("the server does not tell why. Look for weights that are not numbers")
