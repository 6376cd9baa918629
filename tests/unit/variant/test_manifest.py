"""manifest.json of this and of older tools: what loads, what does not, and the line that says why."""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from pytest_f07.errors import F07Error
from pytest_f07.variant import manifest
from pytest_f07.variant.paths import Project
from pytest_f07.variant.seal import digest
from tests.unit.small_package import edit, make_project, network, tree, write_dataset, write_h5

WHERE = "executions/07_deployrun/v701/manifest.json"
BROKEN_SEAL = "package v601 no longer matches the seal of v701: "
WHAT_TO_DO = ". Make a new variant for the changed package, or restore the file (git checkout, dvc checkout)."


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with the package and v701 of it."""
    return make_project(tmp_path)


def change(project: Project, by: Callable[[dict[str, Any]], object]) -> None:
    edit(project.variant("v701").manifest, by)


def checked(project: Project) -> manifest.Manifest:
    """Load and look at everything, as a run does before it touches anything."""
    loaded = manifest.load(project, "v701")
    loaded.check_seal()
    loaded.read_models()
    loaded.read_datasets(None)
    return loaded


def refused(project: Project) -> str:
    before = tree(project.root)
    with pytest.raises(F07Error) as caught:
        checked(project)
    assert tree(project.root) == before
    [line] = str(caught.value).splitlines()
    return line


def test_a_manifest_gives_back_what_the_package_says(project: Project) -> None:
    loaded = checked(project)
    assert loaded.prediction_names == ["a", "a__b"]
    assert loaded.listed == (("a", "v501", "a__m1"), ("a__b", "v502", "a__b__m2"))
    assert loaded.datasets == ("v402", "v401", "v400")
    assert loaded.files is not None
    assert [model.source_f04 for model in loaded.read_models()] == ["v402", "v401"]
    assert [one.rows for one in loaded.read_datasets(2)] == [2, 2, 2]


def older(document: dict[str, Any]) -> None:
    """As the tool before this one wrote it: absolute paths of its machine, no seal."""
    del document["files"]
    there = "/home/somebody/pipeline/executions/06_packaging/v601"
    document["f06_path"] = there
    for model in document["models"]:
        model["model_dir"] = f"{there}/models/{model['model_dir'].rsplit('/', 1)[-1]}"
        model["dataset_path"] = f"{there}/datasets/{model['source_f04']}__dataset.parquet"
    for dataset in document["datasets"]:
        dataset["dataset_path"] = f"{there}/datasets/{dataset['source_f04']}__dataset.parquet"


def test_an_older_manifest_loads_and_is_not_sealed(project: Project) -> None:
    now = checked(project)
    change(project, older)
    loaded = checked(project)
    assert loaded.files is None
    assert (loaded.listed, loaded.datasets) == (now.listed, now.datasets)
    assert all(model.h5.is_relative_to(project.root) for model in loaded.read_models())


def test_the_rows_of_an_unsealed_package_are_looked_at(project: Project) -> None:
    change(project, older)
    write_dataset(project.package("v601").dataset("v400"), [[1], None], [1, 0])
    assert refused(project) == (
        "package v601: datasets/v400__dataset.parquet: row 1: OW_events is null; an empty window is an empty list."
    )


def of_model(**values: object) -> Callable[[dict[str, Any]], object]:
    return lambda document: document["models"][0].update(values)


REFUSED: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "no package": (
        lambda d: d.pop("f06_variant"),
        ": f06_variant is None; it must be 'v' and at least three digits, *.",
    ),
    "package up": (lambda d: d.update(f06_variant="../v601"), ": f06_variant is '../v601'; it must be 'v' and *."),
    "package gone": (
        lambda d: d.update(f06_variant="v699"),
        ": its package v699: executions/06_packaging/v699 is not there; there is v601.",
    ),
    "no models": (lambda d: d.update(models=[]), ": lists no models, so there is nothing to validate."),
    "models missing": (lambda d: d.pop("models"), ": models is None; it must be a list."),
    "models a mapping": (lambda d: d.update(models={"a": 1}), ": models is {'a': 1}; it must be a list."),
    "model a text": (
        lambda d: d.update(models=["a"]),
        ": models[[]0]: is 'a'; it must hold prediction_name, source_f05 and model_dir.",
    ),
    "datasets missing": (lambda d: d.pop("datasets"), ": datasets is None; it must be a list."),
    "name twice": (
        lambda d: d["models"].append(d["models"][0]),
        ": lists 'a' twice; each prediction_name must be listed once.",
    ),
    "name twice but for letter case": (
        lambda d: d["models"].append({**d["models"][0], "prediction_name": "A", "model_dir": "models/A__m1"}),
        ": lists 'a' and 'A', one name but for letter case; each prediction_name must be listed once.",
    ),
    "name up": (of_model(prediction_name="../a"), ": models[[]0]: prediction_name is '../a'; it must be 1 to 100 *."),
    "name script": (
        of_model(prediction_name="<script>"),
        ": models[[]0]: prediction_name is '<script>'; it must be *.",
    ),
    "source": (of_model(source_f05="501"), ": models[[]0]: source_f05 is '501'; it must be 'v' and *."),
    "another's folder": (
        of_model(model_dir="/x/models/z__m1"),
        ": models[[]0]: model_dir is '/x/models/z__m1'; it must end in a__<model_id>.",
    ),
    "no folder": (of_model(model_dir=None), ": models[[]0]: model_dir is None; it must end in a__<model_id>."),
    "folder up": (of_model(model_dir="a__m1/.."), ": models[[]0]: model_dir is 'a__m1/..'; it must end in *."),
    "no model_id": (of_model(model_dir="a__"), ": models[[]0]: model_dir: model_id is ''; it must be 1 to 100 *."),
    "dataset": (
        lambda d: d["datasets"][1].update(dataset_path="/etc/passwd"),
        ": datasets[[]1]: dataset_path is '/etc/passwd'; it must end in <v04>__dataset.parquet.",
    ),
    "dataset's variant": (
        lambda d: d["datasets"][0].update(dataset_path="x/<script>__dataset.parquet"),
        ": datasets[[]0]: dataset_path is 'x/<script>__dataset.parquet'; it must end in <v04>__dataset.parquet.",
    ),
    "dataset a text": (
        lambda d: d.update(datasets=["v401"]),
        ": datasets[[]0]: dataset_path is None; it must end in <v04>__*.",
    ),
    "dataset not listed": (
        lambda d: d.update(datasets=d["datasets"][1:]),
        ": datasets does not list v402, from which a was trained. Make a new variant: make variant7 "
        "VARIANT=<a new name> PARENT=v601",
    ),
    "seal a list": (
        lambda d: d.update(files=["model.h5"]),
        ": files is not a seal: it must hold the sha256 and the size of each file.",
    ),
    "seal without digests": (lambda d: d.update(files={"a": {"size": 1}}), ": files is not a seal: *."),
    "seal of texts": (lambda d: d.update(files={"a": "b"}), ": files is not a seal: *."),
}


@pytest.mark.parametrize(("by", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_manifest_is_refused(project: Project, by: Callable[[dict[str, Any]], object], message: str) -> None:
    change(project, by)
    assert fnmatchcase(refused(project), WHERE + message), refused(project)


def test_a_variant_that_was_never_made_says_how_to_make_it(project: Project) -> None:
    with pytest.raises(F07Error) as caught:
        manifest.load(project, "v799")
    assert str(caught.value) == (
        "there is no variant v799: executions/07_deployrun/v799 is not there; there is v701. "
        "Make it: make variant7 VARIANT=v799 PARENT=v601"
    )


def test_a_manifest_cut_short_is_refused(project: Project) -> None:
    path = project.variant("v701").manifest
    path.write_bytes(path.read_bytes()[:100])
    assert fnmatchcase(refused(project), WHERE + ": is not JSON: *.")


# -- the seal


def test_a_changed_file_is_named_with_both_digests(project: Project) -> None:
    sealed = json.loads(project.variant("v701").manifest.read_text())["files"]
    path = project.package("v601").folder / "models" / "a__m1" / "model.h5"
    write_h5(path, network(4))
    now = digest(path)
    was = sealed["models/a__m1/model.h5"]["sha256"]
    assert refused(project) == (
        f"{BROKEN_SEAL}models/a__m1/model.h5 has changed (sha256 {now[:12]}… was {was[:12]}…){WHAT_TO_DO}"
    )


def test_a_missing_file_is_named(project: Project) -> None:
    project.package("v601").dataset("v400").unlink()
    assert refused(project) == f"{BROKEN_SEAL}datasets/v400__dataset.parquet is missing{WHAT_TO_DO}"


def test_a_file_more_is_named(project: Project) -> None:
    (project.package("v601").folder / "models" / "new").write_text("")
    assert refused(project) == (
        f"{BROKEN_SEAL}models/new was added. Make a new variant for the changed package, or remove the file."
    )


def test_a_link_put_in_later_is_refused(project: Project) -> None:
    path = project.package("v601").dataset("v400")
    path.rename(project.root / "moved")
    path.symlink_to(project.root / "moved")
    assert fnmatchcase(refused(project), "package v601: datasets/v400__dataset.parquet is a symbolic link; *.")


def test_what_dvc_git_and_the_desktop_leave_is_not_the_packages(project: Project) -> None:
    package = project.package("v601")
    (package.folder / ".gitignore").write_text("/models\n")
    (package.folder / "models.dvc").write_text("outs:\n")
    (package.datasets / ".ipynb_checkpoints").mkdir()
    (package.datasets / ".ipynb_checkpoints" / "x").write_text("")
    checked(project)


def test_a_keras_3_file_is_refused_where_keras_2_is(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    write_h5(project.package("v601").models / "a__m1" / "model.h5", network(3), "3.15.1")
    change(project, older)
    monkeypatch.setattr(importlib.metadata, "version", lambda _: "2.15.0")
    assert fnmatchcase(refused(project), "package v601: models/a__m1/model.h5: was saved by Keras 3.15.1, and *.")
