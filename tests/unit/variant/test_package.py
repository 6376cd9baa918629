"""A package read: everything inside its folder, names matched whole, values as F05 meant them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_f07.variant.package import read_datasets, read_models
from pytest_f07.variant.paths import PackagePaths
from tests.unit.small_package import BAG, edit, layer, make_package, network, write_dataset, write_h5

SUMMARY = "models/a__m1/model_summary.json"


@pytest.fixture
def package(tmp_path: Path) -> PackagePaths:
    return make_package(tmp_path)


def test_one_name_may_be_the_beginning_of_another(package: PackagePaths) -> None:
    first, second = read_models(package)
    assert (first.prediction_name, first.folder.name, first.source_f04) == ("a", "a__m1", "v402")
    assert (second.prediction_name, second.folder.name, second.source_f04) == ("a__b", "a__b__m2", "v401")
    assert first.vectorization.vocabulary == tuple(BAG["vocab"])
    assert (first.vectorization.kind, first.vectorization.width) == ("dense_bow", 3)
    assert (second.vectorization.kind, second.vectorization.width) == ("sequence", 6)


def test_nothing_of_another_machine_is_followed(package: PackagePaths) -> None:
    for model in read_models(package):
        assert model.h5.is_relative_to(package.folder)
    for dataset in read_datasets(package, read_models(package), None):
        assert dataset.path.is_relative_to(package.folder)


def test_datasets_come_in_order_of_first_use_and_then_by_name(package: PackagePaths) -> None:
    for name in ("v10000", "v399"):
        write_dataset(package.dataset(name), [[1]], [1])
    write_dataset(package.datasets / "vX__dataset.parquet", [[1]], [1])
    (package.datasets / "notes.txt").write_text("")
    datasets = read_datasets(package, read_models(package), 2)
    assert [dataset.source_f04 for dataset in datasets] == ["v402", "v401", "v10000", "v399", "v400"]
    assert [dataset.rows for dataset in datasets] == [2, 2, 1, 1, 2]


@pytest.mark.parametrize(("said", "meant"), [(None, 0.5), (0, 0.0), (1, 1.0), (0.7, 0.7)])
def test_a_threshold_is_as_said_or_a_half(package: PackagePaths, said: object, meant: float) -> None:
    edit(package.folder / SUMMARY, lambda summary: summary.update(threshold=said))
    assert read_models(package)[0].threshold == meant
    edit(package.folder / SUMMARY, lambda summary: summary.pop("threshold"))
    assert read_models(package)[0].threshold == 0.5


def test_the_summary_may_spell_the_name_as_the_user_typed_it(package: PackagePaths) -> None:
    edit(package.folder / SUMMARY, lambda summary: summary.update(prediction_name="A"))
    assert read_models(package)[0].prediction_name == "a"


def test_an_older_summary_need_not_say_its_variant(package: PackagePaths) -> None:
    edit(package.folder / SUMMARY, lambda summary: summary.pop("variant"))
    assert read_models(package)[0].source_f05 == "v501"


def test_codes_are_any_int64(package: PackagePaths) -> None:
    edges = [-(2**63), 2**63 - 1, 0]
    edit(package.folder / SUMMARY, lambda summary: summary["vectorization"].update(vocab=edges))
    assert read_models(package)[0].vectorization.vocabulary == tuple(edges)


def test_a_larger_embedding_and_an_open_width_fit(package: PackagePaths) -> None:
    write_h5(package.models / "a__b__m2" / "model.h5", network(None, layer("Embedding", input_dim=999)))
    assert read_models(package)[1].vectorization.width == 6


def test_what_no_model_says_of_itself_stays_for_the_report(package: PackagePaths) -> None:
    edit(package.folder / SUMMARY, lambda summary: summary.update(model_family="dense_bow", test_metrics={"f1": 0.5}))
    assert read_models(package)[0].summary["test_metrics"] == {"f1": 0.5}
