"""Read a finished run: what a notebook or a script takes from it (``pytest_f07.read_run``)."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_f07.errors import F07Error
from pytest_f07.results.reading.complete import check_metadata, read_metadata, require_variant
from pytest_f07.results.reading.unaltered import (
    describe_declaration_alteration,
    describe_file_alteration,
    describe_name_alteration,
)
from pytest_f07.variant.paths import EXECUTIONS, Project, VariantPaths, is_variant

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from pytest_f07.results.reading.own_labels import OwnLabels
    from pytest_f07.results.reading.run_comparison import RunComparison


def read_run(variant: str, project: str | os.PathLike[str] | None = None) -> Run:
    """Return the complete run of a variant.

    :param variant: its name, like ``"v701"``.
    :param project: the folder that holds ``executions/``; None for the current folder or the nearest above it.
    :raises F07Error: where there is no such variant or complete run, or where it is not as the run left it.
    """
    place = _find_project(project)
    paths = require_variant(place, variant)
    return Run(place, paths, read_metadata(place, paths))


def list_runs(project: str | os.PathLike[str] | None = None) -> list[str]:
    """Return the names of the variants that have a complete run of this tool, in the order of their numbers.

    :param project: as for :func:`read_run`.
    """
    place = _find_project(project)
    folders = place.variants.iterdir() if place.variants.is_dir() else []
    names = [path.name for path in folders if is_variant(path.name) and _is_complete(place, path.name)]
    return sorted(names, key=lambda name: (len(name), name))


def _is_complete(project: Project, variant: str) -> bool:
    try:
        read_metadata(project, project.variant(variant))
    except F07Error:
        return False
    return True


def _find_project(folder: str | os.PathLike[str] | None) -> Project:
    here = Path.cwd() if folder is None else Path(folder).absolute()
    places = [here, *here.parents] if folder is None else [here]
    project = Project(next((place for place in places if (place / EXECUTIONS).is_dir()), here))
    project.check()
    return project


class Run:
    """A complete run of a variant; :func:`read_run` returns it.

    Each file is held against the digest in the metadata when it is first asked for.

    :raises F07Error: where a file was added or is missing, or parameters or manifest have changed.
    """

    def __init__(self, project: Project, paths: VariantPaths, document: dict[str, Any]) -> None:
        self._project, self._paths, self._document = project, paths, document
        self._checked: set[str] = set()
        check_metadata(project, paths, document)
        self._refuse(
            describe_name_alteration(project, paths, document["sha256"])
            or describe_declaration_alteration(project, paths, document)
        )

    def __repr__(self) -> str:
        return f"<Run {self.variant} of package {self.package}: {self.outcome}, models {', '.join(self.models)}>"

    def _refuse(self, alteration: str) -> None:
        if alteration:
            raise F07Error(
                f"{self.variant} is not as its run left it: {alteration}. Put that right, or run it again: "
                f"make script7-run VARIANT={self.variant}"
            )

    @property
    def variant(self) -> str:
        """Return the name of the variant, like v701."""
        return self._paths.name

    @property
    def package(self) -> str:
        """Return the name of the F06 package that was validated, like v601."""
        return str(self._document.get("parent_variant"))

    @property
    def outcome(self) -> str:
        """Return ``passed``, or ``failed`` where a model failed."""
        return str(self._document["outcome"])

    @property
    def models(self) -> tuple[str, ...]:
        """Return the prediction names, in the package's order."""
        return tuple(self._document["models"])

    @property
    def datasets(self) -> tuple[str, ...]:
        """Return the names of the datasets, in the order of the log."""
        return tuple(self._document["counts"]["rows"])

    @property
    def metadata(self) -> dict[str, Any]:
        """Return all that 07_deployrun_metadata.json holds; a copy."""
        return copy.deepcopy(self._document)

    @property
    def files(self) -> tuple[str, ...]:
        """Return the files that the run wrote, relative to the variant's folder: ``report/report.html``."""
        return tuple(self._document["sha256"])

    def path(self, name: str) -> Path:
        """Return where one of the files lies.

        :param name: one of :attr:`files`.
        :raises F07Error: where there is no such file, or it has changed since the run.
        """
        sealed = self._document["sha256"]
        if name not in sealed:
            raise F07Error(f"{self.variant} has no file {name!r}; it has {', '.join(sealed)}.")
        if name not in self._checked:
            self._refuse(describe_file_alteration(self._project, self._paths, sealed, name))
            self._checked.add(name)
        return self._paths.folder / name

    @property
    def metrics(self) -> pd.DataFrame:
        """Return the metrics of each model by prediction_name: counts are integers, ratios floats."""
        from pytest_f07.results.reading.frames import metrics_frame

        return metrics_frame(self._output(self._paths.metrics_csv))

    @property
    def failures(self) -> pd.DataFrame:
        """Return each failure of each model and each own check that failed: prediction_name, code, message."""
        from pytest_f07.results.reading.frames import failures_frame

        return failures_frame(self._document)

    def predictions(self, model: str | None = None, dataset: str | None = None, labels: bool = False) -> pd.DataFrame:
        """Return the logged predictions: window, prediction_name, y_pred, y_prob, dataset, row.

        :param model: those of one model.
        :param dataset: those of one dataset.
        :param labels: add the column label: that of the row where the dataset is the model's own, else missing.
        :raises F07Error: for a model or dataset that the run does not have, and where a file has changed since.
        """
        from pytest_f07.results.reading.frames import predictions_frame

        return predictions_frame(self.prediction_batches(model, dataset, labels))

    def prediction_batches(
        self, model: str | None = None, dataset: str | None = None, labels: bool = False
    ) -> Iterator[pa.RecordBatch]:
        """Return an iterator over the same rows as Arrow record batches, for a log that is larger than the memory."""
        from pytest_f07.results.reading.log_batches import read_batches

        self._check_name("model", model, self.models)
        self._check_name("dataset", dataset, self.datasets)
        if not isinstance(labels, bool):
            raise F07Error(f"labels is {labels!r}; it must be True or False.")
        return read_batches(map(self.path, self._log_names()), model, dataset, self._own_labels() if labels else None)

    def _check_name(self, kind: str, name: str | None, names: tuple[str, ...]) -> None:
        if name is not None and name not in names:
            raise F07Error(f"{kind} is {name!r}; {self.variant} has {', '.join(names)}.")

    def _log_names(self) -> list[str]:
        """Return the names of the log's files: one, or the parts of it in the order of the rows."""
        return sorted(name for name in self.files if name.startswith("logs/") and name.endswith(".parquet"))

    def _output(self, path: Path) -> Path:
        return self.path(path.relative_to(self._paths.folder).as_posix())

    def _own_labels(self) -> OwnLabels:
        from pytest_f07.results.reading.own_datasets import OwnDatasets
        from pytest_f07.results.reading.own_labels import OwnLabels

        own = OwnDatasets(self._project, self.variant, self._document)
        return OwnLabels(own.owners, own.open)

    def compare(self, other: str) -> RunComparison:
        """Return what changed since another run, and whether it is more than noise, as ``COMPARE=`` does.

        :param other: ``"v700"``, ``"v700@revision"`` of git, or ``"path/to/project:v700"``.
        :raises F07Error: where there is no such run of these models, or either is not as it was left.
        """
        from pytest_f07.results.reading.run_comparison import compare_runs

        for name in self._log_names():
            self.path(name)
        files = self._paths.predictions_parquet, self._output(self._paths.metrics_csv)
        return compare_runs(self._project, self.variant, self._document, files, other)
