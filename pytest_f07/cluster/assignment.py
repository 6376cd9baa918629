"""Say what a worker needs to know of a run; the driver sends it once to each worker."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata

from pytest_f07.variant.interpreter import child_environment
from pytest_f07.variant.params import Params
from pytest_f07.variant.processor import without_kernel_settings
from pytest_f07.variant.seal import FileSeal

# A log's bytes depend on these, as far as a worker computes and writes them.
SOFTWARE = ("pytest-f07", "tensorflow", "keras", "numpy", "pyarrow")


@dataclass(frozen=True)
class Assignment:
    """What a worker needs to know of a run.

    :param nonce: a random name of this run.
    :param root: the project's folder at the driver; a worker that sees the same files there uses them.
    :param manifest_sha256: of the variant's manifest.json; ``files`` the digest of each file of the package, as sealed.
    :param params: those that are in force at the driver.
    :param arguments: the command of the server, as the driver would start it; ``executable`` and ``manifest`` are the
        driver's interpreter and manifest in it.
    :param kernel_settings: the variables of the driver that can change how scores are computed.
    :param versions: of the driver's software; a worker with others is refused.
    """

    nonce: str
    root: str
    variant: str
    package: str
    manifest_sha256: str
    files: Mapping[str, FileSeal]
    params: Params
    arguments: Sequence[str]
    executable: str
    manifest: str
    kernel_settings: Mapping[str, str]
    versions: Mapping[str, str]

    def server_arguments(self, manifest: str) -> list[str]:
        """Return the command of the server on this machine.

        :param manifest: the path of the manifest here.
        """
        here = {self.executable: sys.executable, self.manifest: manifest}
        return [here.get(argument, argument) for argument in self.arguments]

    def server_environment(self) -> dict[str, str]:
        """Return all variables of the server: scores must not depend on what a worker was started with."""
        return {**without_kernel_settings(child_environment()), **self.kernel_settings}

    def version_fault(self) -> str | None:
        """Return what of this machine's software is another version than the driver's; None where nothing is."""
        return version_fault(self.versions, software_versions())


def software_versions() -> dict[str, str]:
    """Return the versions of the software here, by name."""
    versions = {"python": platform.python_version()}
    for name in SOFTWARE:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "missing"
    return versions


def version_fault(expected: Mapping[str, str], versions: Mapping[str, str]) -> str | None:
    """Return the first version that is not the expected one: ``tensorflow is 2.15.1, and 2.21.0 at the driver``."""
    for name, version in expected.items():
        if versions.get(name) != version:
            return f"its {name} is {versions.get(name) or 'missing'}, and the driver's is {version}"
    return None
