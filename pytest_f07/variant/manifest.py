"""Build and read manifest.json: a variant's models, its datasets, and the seal of its package (specification §4.1).

What reads models and datasets is imported where it is used: a run starts its processes with the manifest alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from pytest_f07.errors import F07Error
from pytest_f07.variant.documents import pull_hint, read_json
from pytest_f07.variant.missing import missing_package, missing_variant
from pytest_f07.variant.names import check_folder_name, check_name, composed, first_collision
from pytest_f07.variant.params import Params
from pytest_f07.variant.paths import DATASET_SUFFIX, PackagePaths, Project, VariantPaths, check_variant, is_variant
from pytest_f07.variant.seal import FileSeal, check_seal, digest, sealed_name

if TYPE_CHECKING:
    from pytest_f07.variant.dataset import Dataset
    from pytest_f07.variant.package import Model


@dataclass(frozen=True)
class Manifest:
    """A manifest as read: the models and datasets by name, and the seal where there is one.

    :param listed: prediction_name, source_f05 and folder name of each model, in the package's order.
    :param datasets: the F04 variants, in replay order.
    :param files: the seal, by path inside the package; None for a manifest of an older tool.
    :param digest: the sha256 of manifest.json itself.
    """

    project: Project
    paths: VariantPaths
    package: PackagePaths
    listed: tuple[tuple[str, str, str], ...]
    datasets: tuple[str, ...]
    files: Mapping[str, FileSeal] | None
    digest: str

    @property
    def prediction_names(self) -> list[str]:
        """Names of the models, in order."""
        return [name for name, _, _ in self.listed]

    def sealed_sha256(self, path: Path) -> str | None:
        """Return the digest that a file of the package was sealed with; None where the manifest has no seal."""
        if self.files is None:
            return None
        return self.files[sealed_name(path, self.package.folder)]["sha256"]

    def check_seal(self) -> None:
        """Raise :class:`F07Error` where the package is not as sealed; without a seal, where its rows are unfit."""
        if self.files is not None:
            check_seal(self.package.folder, self.files, self.paths.name)
        else:
            for dataset in self.read_datasets(None):
                dataset.check_rows()

    def read_models(self) -> list[Model]:
        """Return the models, read from the package's files.

        :raises F07Error: where this environment cannot load one, or a model's own dataset is not listed.
        """
        from pytest_f07.variant import model_file
        from pytest_f07.variant.package import read_model

        models = [read_model(self.package, name, source, folder) for name, source, folder in self.listed]
        for model in models:
            model_file.check_keras(
                model.keras_version, f"package {self.package.name}: models/{model.folder.name}/model.h5"
            )
            if model.source_f04 not in self.datasets:
                raise F07Error(
                    f"{self.project.show(self.paths.manifest)}: datasets does not list {model.source_f04}, from which "
                    f"{model.prediction_name} was trained. Make a new variant: make variant7 VARIANT=<a new name> "
                    f"PARENT={self.package.name}"
                )
        return models

    def read_datasets(self, limit: int | None) -> list[Dataset]:
        """Return the datasets, each cut to its first ``limit`` rows where that is not None."""
        from pytest_f07.variant.package import read_dataset

        return [read_dataset(self.package, name, limit) for name in self.datasets]


def build(
    project: Project, package: PackagePaths, models: list[Model], datasets: list[Dataset], files: Mapping[str, FileSeal]
) -> dict[str, Any]:
    """Return the document that manifest.json holds; all paths relative to the project root."""
    from pytest_f07.variant.dataset import X_COLUMN, Y_COLUMN

    columns = {"x_column": X_COLUMN, "y_column": Y_COLUMN}
    return {
        "f06_variant": package.name,
        "f06_path": project.show(package.folder),
        "models": [
            {
                "prediction_name": model.prediction_name,
                "source_f05": model.source_f05,
                "source_f04": model.source_f04,
                "model_dir": project.show(model.folder),
                "model_h5": model.h5.name,
                "model_summary": "model_summary.json",
                "dataset_path": project.show(package.dataset(model.source_f04)),
                **columns,
            }
            for model in models
        ],
        "datasets": [
            {"dataset_path": project.show(dataset.path), **columns, "source_f04": dataset.source_f04}
            for dataset in datasets
        ],
        "files": dict(files),
    }


def load(project: Project, variant: str) -> Manifest:
    """Read a manifest of this or an older tool. Its paths may be another machine's: only their last names count."""
    paths = project.variant(variant)
    where = project.show(paths.manifest)
    if not paths.folder.is_dir():
        raise missing_variant(project, variant)
    if not paths.manifest.is_file():
        raise F07Error(f"{where}: no such file{pull_hint(paths.manifest) or _create_hint(paths)}")
    document = read_json(paths.manifest, where)
    package = project.package(check_variant(document.get("f06_variant"), f"{where}: f06_variant"))
    if not package.folder.is_dir():
        raise F07Error(f"{where}: its {missing_package(package)}")
    listed = [
        _parse_model(entry, f"{where}: models[{index}]")
        for index, entry in enumerate(_get_list(document, "models", where))
    ]
    if not listed:
        raise F07Error(f"{where}: lists no models, so there is nothing to validate.")
    if collision := first_collision(name for name, _, _ in listed):
        first, second = map(repr, collision)
        twice = f"{first} twice" if first == second else f"{first} and {second}, one name but for letter case"
        raise F07Error(f"{where}: lists {twice}; each prediction_name must be listed once.")
    datasets = [
        _parse_source(entry, f"{where}: datasets[{i}]")
        for i, entry in enumerate(_get_list(document, "datasets", where))
    ]
    files = document.get("files")
    if files is not None:
        _check_files(files, where)
    return Manifest(
        project, paths, package, tuple(listed), tuple(dict.fromkeys(datasets)), files, digest(paths.manifest)
    )


def _create_hint(paths: VariantPaths) -> str:
    """Return the command that creates the variant, with its package where params.yaml names it."""
    try:
        parent = Params.read(paths.params, "").parent_variant_f06
    except F07Error:
        parent = "v601"
    return f". Make the variant first: make variant7 VARIANT={paths.name} PARENT={parent}"


def _get_list(document: Mapping[str, Any], key: str, where: str) -> list[Any]:
    items = document.get(key)
    if not isinstance(items, list):
        raise F07Error(f"{where}: {key} is {items!r}; it must be a list.")
    return items


def _parse_model(entry: object, where: str) -> tuple[str, str, str]:
    if not isinstance(entry, dict):
        raise F07Error(f"{where}: is {entry!r}; it must hold prediction_name, source_f05 and model_dir.")
    name = check_name(entry.get("prediction_name"), f"{where}: prediction_name")
    folder = composed(PurePosixPath(str(entry.get("model_dir"))).name)
    if not folder.startswith(f"{name}__"):
        raise F07Error(f"{where}: model_dir is {entry.get('model_dir')!r}; it must end in {name}__<model_id>.")
    check_name(folder.removeprefix(f"{name}__"), f"{where}: model_dir: model_id")
    return name, check_variant(entry.get("source_f05"), f"{where}: source_f05"), check_folder_name(folder, where)


def _parse_source(entry: object, where: str) -> str:
    path = entry.get("dataset_path") if isinstance(entry, dict) else None
    name = PurePosixPath(str(path)).name
    source = name.removesuffix(DATASET_SUFFIX)
    if source == name or not is_variant(source):
        raise F07Error(f"{where}: dataset_path is {path!r}; it must end in <v04>{DATASET_SUFFIX}.")
    return source


def _check_files(files: object, where: str) -> None:
    is_valid = isinstance(files, dict) and all(
        isinstance(sealed, dict) and isinstance(sealed.get("sha256"), str) for sealed in files.values()
    )
    if not is_valid:
        raise F07Error(f"{where}: files is not a seal: it must hold the sha256 and the size of each file.")
