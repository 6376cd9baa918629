"""Read the complete run of another variant, to compare a run with it."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_f07.errors import F07Error
from pytest_f07.log.reader import log_files
from pytest_f07.results.comparison.flips import RunLog
from pytest_f07.results.reading.unaltered import describe_file_alteration
from pytest_f07.variant.dataset import Dataset
from pytest_f07.variant.documents import read_json
from pytest_f07.variant.missing import describe_missing
from pytest_f07.variant.paths import PackagePaths, Project, check_variant


@dataclass(frozen=True)
class BaselineRun:
    """A complete run of another variant.

    :param name: as the user names it: ``v700``, ``v700@HEAD (0123abc)``, ``path/to/project:v700``.
    :param metrics: the rows of its metrics_per_model.csv, by prediction_name.
    :param models: what its metadata says of each model, by prediction_name.
    :param server: which server it validated, as its metadata say.
    :param packages: the folder that its package is in, where that is still there.
    :param fetched_to: the temporary folder that it was fetched into; None where it lies in a project.
    """

    name: str
    variant: str
    package: str
    timestamp: str
    log: RunLog
    metrics: Mapping[str, Mapping[str, str]]
    models: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    packages: Path | None = None
    server: Mapping[str, Any] = field(default_factory=dict)
    fetched_to: Path | None = None

    def open_dataset(self, source_f04: str) -> Dataset | None:
        """Return a dataset of its package, as it is today; None where it cannot be read."""
        if self.packages is None:
            return None
        path = PackagePaths(self.packages / self.package).dataset(source_f04)
        try:
            return Dataset.open(source_f04, path, self.package)
        except F07Error:
            return None

    @classmethod
    def read(
        cls,
        project: Project,
        variant: str,
        names: Sequence[str],
        subject: str,
        shown: str | None = None,
        fetched_to: Path | None = None,
    ) -> BaselineRun:
        """Read the complete run of ``variant``.

        :param names: the models of the run that is to be compared with it.
        :param subject: who names it, as messages begin.
        :param shown: as the user names it; None: by the variant alone.
        :param fetched_to: the temporary folder that the project is in, where it was fetched.
        :raises F07Error: where it has no complete run, no model in common, or its log was altered.
        """
        check_variant(variant, subject)
        paths = project.variant(variant)
        if not paths.folder.is_dir():
            raise F07Error(f"{subject}: {describe_missing(project, variant)}. Name one that has been run.")
        log = log_files(paths.predictions_parquet) or [paths.predictions_parquet]
        for path in (paths.metadata, paths.metrics_csv, *log):
            if not path.is_file():
                raise F07Error(
                    f"{subject}: {project.show(path)}: no such file, so {variant} has no complete run to "
                    f"compare with. Run it first (make script7-run VARIANT={variant}), or bring it (dvc pull)."
                )
        where = project.show(paths.metadata)
        document = read_json(paths.metadata, where)
        with paths.metrics_csv.open(encoding="utf-8", newline="") as file:
            metrics = {row.get("prediction_name", ""): row for row in csv.DictReader(file)}
        models, counts = document.get("models"), document.get("counts")
        rows: Any = counts.get("rows") if isinstance(counts, dict) else None
        sound = isinstance(rows, dict) and all(isinstance(count, int) for count in rows.values())
        if not sound or not isinstance(models, dict) or set(models) != set(metrics):
            raise F07Error(f"{subject}: {where} and its metrics are not of one complete run; run it again.")
        if not set(models) & set(names):
            raise F07Error(
                f"{subject}: it validates none of these models, but {', '.join(models)}; "
                "name a variant of a package with the same models."
            )
        sealed: Any = document.get("sha256")
        for path in (paths.metrics_csv, *log) if isinstance(sealed, dict) else ():
            name = path.relative_to(paths.folder).as_posix()
            if name in sealed and (alteration := describe_file_alteration(project, paths, sealed, name)):
                raise F07Error(
                    f"{subject}: {variant} is not as its run left it: {alteration}. Put that right, or run it again."
                )
        package, timestamp = str(document.get("parent_variant")), str(document.get("timestamp"))
        server = document.get("server")
        return cls(
            shown or variant,
            variant,
            package,
            timestamp,
            RunLog(paths.predictions_parquet, tuple(models), rows),
            metrics,
            models,
            project.packages,
            server if isinstance(server, dict) else {},
            fetched_to,
        )
