"""Test the server's description of its models beside the seal and the files of the package."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_f07.results.identity import ServedModel, served_models
from pytest_f07.results.non_finite import EMPTY, KNOWN, UNKNOWN, NonFiniteWindows, WindowKind
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
    assert served.explain(windows(known=1), True).startswith("the server does not tell why. Look for weights that are")


def windows(**kinds: int) -> NonFiniteWindows:
    """Return windows whose scores are not numbers, so many of each kind."""
    names = {"empty": EMPTY, "unknown": UNKNOWN, "known": KNOWN}
    return NonFiniteWindows({names[key]: WindowKind(count, 7, "v402 row 7: []") for key, count in kinds.items()})


POOLING = "the model pools over a mask, and a window without a known code leaves nothing to pool. Train it without "
POOLING += "mask_zero, or keep such windows out of its dataset."
OVERFLOW = "the scores overflow on the way. Train it again with smaller weights."
SERVED = ServedModel("0" * 64, "0" * 64, [], needs_a_code=True)
CAUSES = {
    "weights": (
        replace(SERVED, broken_layers=["a"]),
        windows(empty=1),
        "the weights of layer 'a' are NaN or infinite. ",
    ),
    "a pooling over nothing": (SERVED, windows(empty=1, unknown=2), POOLING),
    "a pooling over nothing, and not only that": (SERVED, windows(unknown=2, known=1), f"{POOLING} Of the others, "),
    "no pooling over nothing, for there is something": (
        SERVED,
        windows(known=1),
        f"its weights are numbers, so {OVERFLOW}",
    ),
    "no pooling": (replace(SERVED, needs_a_code=False), windows(empty=1), f"its weights are numbers, so {OVERFLOW}"),
    "untold, and the windows tell": (
        replace(SERVED, sha256=None),
        windows(unknown=2),
        f"the server does not tell why; as it looks, {POOLING}",
    ),
    "untold": (
        replace(SERVED, sha256=None),
        windows(empty=1, known=2),
        "the server does not tell why. Look for weights ",
    ),
}


@pytest.mark.parametrize(("served", "windows", "cause"), CAUSES.values(), ids=CAUSES)
def test_the_cause_of_scores_that_are_no_numbers(served: ServedModel, windows: NonFiniteWindows, cause: str) -> None:
    assert served.explain(windows, is_own=True).startswith(cause)


def test_windows_of_other_datasets_are_no_ones_to_keep_out_of_its_own() -> None:
    assert SERVED.explain(windows(empty=1), is_own=False).endswith(
        "Train it without mask_zero, or do not ask it about such windows."
    )
