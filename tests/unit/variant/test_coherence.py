"""What contradicts itself in a package is told with its names; what only looks odd is not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from conftest import F07Project
from pytest_f07.commands.cli import main
from pytest_f07.variant.coherence import incoherences
from pytest_f07.variant.package import read_package
from pytest_f07.variant.paths import PackagePaths
from tests.unit.small_package import SEQUENCE, edit, layer, make_package, network, write_dataset, write_h5

BAG_FOLDER, SEQUENCE_FOLDER = "a__m1", "a__b__m2"
EMBEDDING = layer("Embedding", input_dim=5)
Change = Callable[[PackagePaths], object]


def family(folder: str, name: object) -> Change:
    return lambda package: edit(
        package.model_folder(folder) / "model_summary.json", lambda summary: summary.update(model_family=name)
    )


def layers(folder: str, width: int, *more: dict[str, Any]) -> Change:
    return lambda package: write_h5(package.model_folder(folder) / "model.h5", network(width, *more))


def both(*changes: Change) -> Change:
    return lambda package: [change(package) for change in changes]


def same_file(package: PackagePaths) -> None:
    """Both models are the sequence's file; the other one is made to fit it."""
    shutil.copy(package.model_folder(SEQUENCE_FOLDER) / "model.h5", package.model_folder(BAG_FOLDER))
    edit(
        package.model_folder(BAG_FOLDER) / "model_summary.json",
        lambda summary: summary.update(vectorization={**SEQUENCE, "vocab": [1, 2, 2**40, -5]}),
    )


def dataset_named(name: str) -> Change:
    return lambda package: shutil.copy(package.dataset("v400"), package.datasets / name)


def windows(windows: list[list[int]], kind: pa.DataType) -> Change:
    return lambda package: write_dataset(package.dataset("v400"), windows, [1] * len(windows), x_type=kind)


def vocabulary(folder: str, codes: list[int]) -> Change:
    def change(summary: dict[str, Any]) -> None:
        summary["vectorization"].update(vocab=codes, input_dim=len(codes))

    return both(
        layers(folder, len(codes)),
        lambda package: edit(package.model_folder(folder) / "model_summary.json", change),
    )


COHERENT = {
    "as it is made": lambda package: None,
    "a dataset that no model owns": dataset_named("v499__dataset.parquet"),
    "what is no dataset": lambda package: (package.datasets / "README.md").touch(),
    "dense_bow": family(BAG_FOLDER, "dense_bow"),
    "sequence_embedding": family(SEQUENCE_FOLDER, "sequence_embedding"),
    "sequence_embedding with a recurrent layer": both(
        family(SEQUENCE_FOLDER, "sequence_embedding"), layers(SEQUENCE_FOLDER, 6, EMBEDDING, layer("LSTM"))
    ),
    "cnn1d": both(family(SEQUENCE_FOLDER, "cnn1d"), layers(SEQUENCE_FOLDER, 6, EMBEDDING, layer("Conv1D"))),
    "a family of somebody else": family(BAG_FOLDER, "transformer"),
    "no family's name": family(BAG_FOLDER, ["dense_bow"]),
}
INCOHERENT = {
    "one file twice": (same_file, "a and a__b have one and the same model.h5 (sha256 ????????????…)"),
    "a family without its layer": (
        family(SEQUENCE_FOLDER, "cnn1d"),
        "a__b: its model_family is cnn1d, and its layers are InputLayer, Embedding, Dense: no Conv1D among them",
    ),
    "a family with another's layer": (
        both(
            family(SEQUENCE_FOLDER, "sequence_embedding"),
            layers(SEQUENCE_FOLDER, 6, EMBEDDING, layer("Conv1D"), layer("Conv1D")),
        ),
        "a__b: its model_family is sequence_embedding, and its layers are InputLayer, Embedding, Conv1D, Dense: "
        "Conv1D among them",
    ),
    "a family with another's input": (
        both(family(SEQUENCE_FOLDER, "dense_bow"), layers(SEQUENCE_FOLDER, 6)),
        "a__b: its model_family is dense_bow, and its vectorization sequence; it should be dense_bow",
    ),
    **{
        f"named {name}": (dataset_named(name), f"datasets/{shown} is not replayed: a dataset's name is *, like v401__*")
        for name, shown in (
            ("v401_dataset.parquet", "v401_dataset.parquet"),
            ("V404__dataset.parquet",) * 2,
            ("v01__dataset.parquet",) * 2,
            ("v404__dataset.PARQUET",) * 2,
            ("v404\n__dataset.parquet", r"v404\n__dataset.parquet"),
        )
    },
    "a code that never occurs": (
        vocabulary(BAG_FOLDER, [1, 2**62 + 1]),
        "a: 1 of the 2 codes of its vocabulary occurs in no dataset: 4611686018427387905",
    ),
    "the code beside one that occurs": (
        both(vocabulary(BAG_FOLDER, [2**62, 2**62 + 1]), windows([[3, 4], [], [2**62]], pa.large_list(pa.uint64()))),
        "a: 1 of the 2 codes of its vocabulary occurs in no dataset: 4611686018427387905",
    ),
    "many codes": (
        vocabulary(BAG_FOLDER, [1, *range(900, 907)]),
        "a: 7 of the 8 codes of its vocabulary occur in no dataset: 900, 901, 902, 903, 904, …",
    ),
}


@pytest.fixture
def package(tmp_path: Path) -> PackagePaths:
    return make_package(tmp_path)


def warnings_of(package: PackagePaths) -> list[str]:
    return incoherences(package, *read_package(package))


@pytest.mark.parametrize("change", COHERENT.values(), ids=COHERENT)
def test_a_coherent_package_is_told_without_a_word(package: PackagePaths, change: Change) -> None:
    change(package)
    assert warnings_of(package) == []


@pytest.mark.parametrize(("change", "sentence"), INCOHERENT.values(), ids=INCOHERENT)
def test_what_contradicts_itself_is_told_with_its_names(package: PackagePaths, change: Change, sentence: str) -> None:
    change(package)
    warnings = warnings_of(package)
    assert len(warnings) == 1
    assert fnmatchcase(warnings[0], f"package v601: {sentence}"), warnings


def test_no_more_is_read_than_is_needed(package: PackagePaths, monkeypatch: pytest.MonkeyPatch) -> None:
    """Long datasets cost nothing once every code has been seen."""
    models, datasets = read_package(package)
    reads: list[int] = []

    def unique(codes: pa.Array) -> pa.Array:
        reads.append(len(codes))
        return codes.unique()

    monkeypatch.setattr(pc, "unique", unique)
    write_dataset(datasets[0].path, [[1, 2, 3, 4, -5, 2**40]], [1])
    assert incoherences(package, models, datasets) == []
    assert reads == [6]


def test_variant7_and_check7_print_them_and_go_on(
    package: PackagePaths, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    family(SEQUENCE_FOLDER, "cnn1d")(package)
    monkeypatch.chdir(package.folder.parents[2])
    for command in (["variant7", "--variant=v702", "--parent=v601"], ["check7", "--parent=v601"]):
        assert main(command) == 0
        lines = capsys.readouterr().out.splitlines()
        warnings = [line for line in lines if line.startswith("warning: ")]
        assert len(warnings) == 1
        assert warnings[0].startswith("warning: package v601: a__b: its model_family is cnn1d, and its layers are ")


def test_a_run_shows_them_in_terminal_report_and_metadata(f07_stub: F07Project) -> None:
    [folder] = (f07_stub.package / "models").glob("feeder_overload__*")
    edit(folder / "model_summary.json", lambda summary: summary.update(model_family="cnn1d"))
    f07_stub.variant7("v702", "v601")
    result = f07_stub.pytester.runpytest_subprocess("--f07-variant=v702")
    result.assert_outcomes(passed=3)
    sentence = "package v601: feeder_overload: its model_family is cnn1d, and its *no Conv1D among them"
    result.stdout.fnmatch_lines([f"*warning: {sentence}"])
    variant = f07_stub.variant.with_name("v702")
    warnings = json.loads((variant / "07_deployrun_metadata.json").read_text())["warnings"]
    assert any(fnmatchcase(warning, sentence) for warning in warnings)
    report = (variant / "report" / "report.html").read_text().replace("<wbr>", "")
    assert "feeder_overload: its model_family is cnn1d" in report
