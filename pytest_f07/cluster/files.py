"""Bring a variant's sealed files to a worker: those that it sees already, or a copy that the driver sends."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from pytest_f07.cluster.assignment import Assignment
from pytest_f07.errors import BrokenRun, F07Error
from pytest_f07.variant.manifest import Manifest
from pytest_f07.variant.paths import MANIFEST, Project
from pytest_f07.variant.seal import check_seal, digest, package_files

CHUNK_BYTES = 16 * 1024 * 1024
# The names of what is sent: the variant's declaration, and the files of the package below a folder.
PACKAGE = "package/"
PARAMS = "params.yaml"


class WorkerFiles:
    """A variant's files on one worker.

    :param folder: for a copy, which the workers of one host share.
    """

    def __init__(self, assignment: Assignment, folder: Path) -> None:
        self._assignment, self._folder = assignment, folder

    def find(self) -> Project | None:
        """Return a project here that holds the very files of the run; None where there is none yet."""
        for project in (Project(Path(self._assignment.root)), Project(self._folder)):
            if self._is_same(project):
                return project
        return None

    def _is_same(self, project: Project) -> bool:
        variant, package = project.variant(self._assignment.variant), project.package(self._assignment.package)
        try:
            if digest(variant.manifest) != self._assignment.manifest_sha256:
                return False
            check_seal(package.folder, self._assignment.files, variant.name)
        except (F07Error, OSError):
            return False
        return True

    def receive(self, name: str, offset: int, content: bytes) -> None:
        """Write a part of a file of the copy; the same part may be written twice, or by two workers at once.

        :param name: of the file, as :func:`sent_files` names it; no other is written.
        """
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.seek(offset)
            file.write(content)

    def _path(self, name: str) -> Path:
        project = Project(self._folder)
        variant = project.variant(self._assignment.variant)
        if name in (MANIFEST, PARAMS):
            return variant.manifest if name == MANIFEST else variant.params
        if name.removeprefix(PACKAGE) not in self._assignment.files:
            raise BrokenRun(f"the driver sent {name!r}, which is no file of the package")
        return project.package(self._assignment.package).folder / name.removeprefix(PACKAGE)


def sent_files(manifest: Manifest) -> Mapping[str, Path]:
    """Return what a worker without the files is sent, by name."""
    package = {PACKAGE + name: path for name, path in package_files(manifest.package.folder).items()}
    return {MANIFEST: manifest.paths.manifest, PARAMS: manifest.paths.params, **package}


def chunks(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the content of a file in parts, each with its offset; one without content has one empty part."""
    offset = 0
    with path.open("rb") as file:
        while (content := file.read(CHUNK_BYTES)) or offset == 0:
            yield offset, content
            offset += len(content)
            if not content:
                return
