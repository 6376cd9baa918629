"""Open the datasets that a finished run's models were trained on: those of the run, or none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_f07.errors import F07Error
from pytest_f07.variant.dataset import Dataset
from pytest_f07.variant.paths import PackagePaths, Project, check_variant, is_variant
from pytest_f07.variant.seal import digest


class OwnDatasets:
    """Each model's own dataset, in the package of a finished run.

    :param document: the metadata of the run.
    :raises F07Error: where it was run by a version that did not record what the models were.
    """

    def __init__(self, project: Project, variant: str, document: Mapping[str, Any]) -> None:
        self._project, self._variant = project, variant
        self._rows: Mapping[str, int] = document["counts"]["rows"]
        records = {name: model.get("model") for name, model in document["models"].items()}
        if not all(isinstance(record, dict) and self._is_dataset(record.get("dataset")) for record in records.values()):
            raise F07Error(
                f"{variant} was run by a version that did not record each model's own dataset, so its labels cannot "
                f"be had. Run it again: make script7-run VARIANT={variant}"
            )
        self.records: Mapping[str, Mapping[str, Any]] = records
        self._digests = {record["dataset"]: record.get("dataset_sha256") for record in records.values()}
        package = check_variant(document.get("parent_variant"), f"parent_variant of {variant}")
        self.package: PackagePaths = project.package(package)

    def _is_dataset(self, name: object) -> bool:
        return is_variant(name) and name in self._rows

    @property
    def owners(self) -> dict[str, str]:
        """Return the own dataset of each model, by prediction_name."""
        return {name: record["dataset"] for name, record in self.records.items()}

    def open(self, name: str) -> Dataset:
        """Return a dataset, cut to the rows of the run.

        :raises F07Error: where it is not there, or is not the one that the run read.
        """
        path = self.package.dataset(name)
        where = self._project.show(path)
        dataset = Dataset.open(name, path, where, self._rows[name])
        if digest(path) != self._digests[name]:
            raise F07Error(
                f"{where} has changed since the run of {self._variant}: its labels are not those that the metrics were "
                "counted with. Restore the file (git checkout, dvc checkout), or run the variant again."
            )
        return dataset
