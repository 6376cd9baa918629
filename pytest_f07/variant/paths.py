"""Name the files and folders under ``executions/<phase>/<variant>/``; no other module does (specification §2, §3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from pytest_f07.errors import F07Error
from pytest_f07.variant.names import check_encoding

EXECUTIONS = "executions"
PACKAGING = "06_packaging"
DEPLOYRUN = "07_deployrun"
MANIFEST = "manifest.json"
DATASET_SUFFIX = "__dataset.parquet"

_VARIANT = re.compile(r"v[0-9]{3,}")


def is_variant(name: object) -> bool:
    """Return whether ``name`` is a variant as the pipeline numbers them: v701, v1024."""
    return isinstance(name, str) and _VARIANT.fullmatch(name) is not None


def check_variant(name: object, subject: str) -> str:
    """Return a variant's name; raise :class:`F07Error` that begins with ``subject`` for anything else."""
    if not is_variant(name):
        raise F07Error(f"{subject} is {name!r}; it must be 'v' and at least three digits, like v701.")
    return str(name)


@dataclass(frozen=True)
class Outputs:
    """Paths of what a run writes below a folder: the variant's, or a temporary folder for a partial session."""

    folder: Path

    @property
    def runtime(self) -> Path:
        return self.folder / "runtime"

    @property
    def server_log(self) -> Path:
        return self.runtime / "server.log"

    @property
    def parts(self) -> Path:
        return self.runtime / "parts"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def predictions_parquet(self) -> Path:
        return self.logs / "raw_predictions.parquet"

    @property
    def predictions_csv(self) -> Path:
        return self.logs / "raw_predictions.csv"

    @property
    def metrics(self) -> Path:
        return self.folder / "metrics"

    @property
    def metrics_csv(self) -> Path:
        return self.metrics / "metrics_per_model.csv"

    @property
    def metrics_json(self) -> Path:
        return self.metrics / "metrics.json"

    @property
    def report(self) -> Path:
        return self.folder / "report"

    @property
    def report_html(self) -> Path:
        return self.report / "report.html"

    @property
    def junit_xml(self) -> Path:
        return self.report / "junit.xml"

    @property
    def comparison_json(self) -> Path:
        return self.report / "comparison.json"

    @property
    def figures(self) -> Path:
        return self.report / "figures"

    def confusion_png(self, prediction_name: str) -> Path:
        return self.figures / f"confusion_{prediction_name}.png"

    def scores_png(self, prediction_name: str) -> Path:
        return self.figures / f"scores_{prediction_name}.png"

    @property
    def comparison_png(self) -> Path:
        return self.figures / "comparison.png"

    @property
    def metadata(self) -> Path:
        return self.folder / "07_deployrun_metadata.json"


@dataclass(frozen=True)
class VariantPaths(Outputs):
    """Paths of an F07 variant: its declaration, and what its run writes."""

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def params(self) -> Path:
        return self.folder / "params.yaml"

    @property
    def manifest(self) -> Path:
        return self.folder / MANIFEST

    @property
    def notebook(self) -> Path:
        return self.folder / "07_deployrun.ipynb"

    @property
    def published(self) -> tuple[Path, Path, Path]:
        """Folders that DVC tracks."""
        return (self.logs, self.metrics, self.report)

    def dvc_file(self, folder: Path) -> Path:
        return folder.with_name(f"{folder.name}.dvc")


@dataclass(frozen=True)
class PackagePaths:
    """Paths of an F06 package; no path inside it may lead out of it."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def metadata(self) -> Path:
        return self.folder / "06_packaging_metadata.json"

    @property
    def params(self) -> Path:
        return self.folder / "params.yaml"

    @property
    def models(self) -> Path:
        return self.folder / "models"

    def model_folder(self, folder_name: str) -> Path:
        return self.models / folder_name

    @property
    def datasets(self) -> Path:
        return self.folder / "datasets"

    def dataset(self, source_f04: str) -> Path:
        return self.datasets / f"{source_f04}{DATASET_SUFFIX}"


@dataclass(frozen=True)
class Project:
    """A pipeline checkout: the folder that holds ``executions/``."""

    root: Path

    @classmethod
    def of_manifest(cls, path: Path) -> Project | None:
        """Return the project of a manifest, three levels above it; None where ``path`` is no F07 manifest."""
        folder = path.parent
        named = path.name == MANIFEST and is_variant(folder.name)
        if not named or folder.parent.name != DEPLOYRUN or folder.parent.parent.name != EXECUTIONS:
            return None
        return cls(folder.parent.parent.parent)

    def check(self) -> None:
        """Raise :class:`F07Error` where the folder holds no ``executions/``, or cannot be named in this locale."""
        check_encoding(str(self.root), "the project's folder")
        if not (self.root / EXECUTIONS).is_dir():
            above = next((folder for folder in self.root.parents if (folder / EXECUTIONS).is_dir()), None)
            place = f"to {above}" if above else "to the folder that has one"
            raise F07Error(f"{self.root} is no project: it has no folder {EXECUTIONS}/. Go {place} and try again.")

    @property
    def packages(self) -> Path:
        return self.root / EXECUTIONS / PACKAGING

    @property
    def variants(self) -> Path:
        return self.root / EXECUTIONS / DEPLOYRUN

    @property
    def registry(self) -> Path:
        return self.variants / "variants.yaml"

    def later_phases(self) -> list[Path]:
        """Return the folders of the phases after F07: executions/08_…"""
        folders = sorted((self.root / EXECUTIONS).glob("[0-9][0-9]_*"))
        return [folder for folder in folders if int(folder.name[:2]) > int(DEPLOYRUN[:2])]

    @property
    def base_params(self) -> Path:
        return self.variants / "base_params.yaml"

    def package(self, name: str) -> PackagePaths:
        return PackagePaths(self.packages / name)

    def variant(self, name: str) -> VariantPaths:
        return VariantPaths(self.variants / name)

    def show(self, path: Path) -> str:
        """Return ``path`` as messages name it: relative to the project where it lies inside."""
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)
