"""Select the manifest that a session validates, and set aside options of the host."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pytest_f07.errors import F07Error
from pytest_f07.plugin.host import set_options_aside
from pytest_f07.variant.interpreter import check_system
from pytest_f07.variant.names import composed
from pytest_f07.variant.paths import Project, check_variant

_LISTING_OPTIONS = (
    "help",
    "version",
    "markers",
    "cacheshow",
    "show_fixtures_per_test",
    "showfixtures",
    "xkill",
    "xshow",
)

# Options of ours that mean nothing without a variant, in the order of Selection's fields.
_OPTIONS = ("compare", "server_url", "protocol", "checks", "resume", "workers", "scheduler")


@dataclass
class Selection:
    """The variant of this session.

    :param collect_only: the session executes nothing (``--collect-only``, ``--setup-plan``, ``--setup-only``).
    :param compare_with: another variant, with whose complete run this run is compared.
    :param server_url: a server that is already there, in place of what params.yaml says; ``protocol`` what it speaks.
    :param checks: the user's own checks in place of those that params.yaml names; None where none were given.
    :param resume: take the finished parts that an earlier run left.
    :param workers: how many workers to start here; ``scheduler`` of a cluster that is already there.
    :param set_aside: options of the command line or the host's ``addopts`` that this session does not use.
    """

    project: Project
    variant: str
    collect_only: bool
    compare_with: str | None = None
    server_url: str | None = None
    protocol: str | None = None
    checks: Sequence[str] | None = None
    resume: bool = False
    workers: str | None = None
    scheduler: str | None = None
    set_aside: list[str] = field(default_factory=list)

    @property
    def options(self) -> dict[str, Any]:
        """Return what the session's options say of the server, by the parameters of ``reserve``."""
        names = ("server_url", "protocol", "resume", "workers", "scheduler")
        return {name: getattr(self, name) for name in names}


def select(config: pytest.Config) -> Selection | None:
    """Return the selection; None where the session validates no manifest.

    :raises pytest.UsageError: for more than one variant, or a name that is none.
    """
    if any(getattr(config.option, name, None) for name in _LISTING_OPTIONS) or hasattr(config, "workerinput"):
        return None
    named = {argument: path for argument in config.args if (path := _manifest_path(config, argument))}
    variant = config.getoption("f07_variant")
    if variant is None and not named:
        for option in _OPTIONS:
            if config.getoption(f"f07_{option}") not in (None, False):
                flag = f"--f07-{option.replace('_', '-')}"
                raise pytest.UsageError(f"{flag} needs --f07-variant: name the variant that is to be validated.")
        return None
    try:
        return _select(config, variant, named)
    except F07Error as error:
        raise pytest.UsageError(str(error)) from None


def _select(config: pytest.Config, variant: str | None, named: dict[str, Path]) -> Selection:
    check_system()
    manifests = set(named.values())
    if variant is not None:
        current = Project(config.invocation_params.dir)
        manifests.add(current.variant(check_variant(variant, "--f07-variant")).manifest)
    if len(manifests) > 1:
        names = ", ".join(sorted(path.parent.name for path in manifests))
        raise F07Error(f"{names} are asked for in one session; validate one variant at a time.")
    [manifest] = manifests
    project = Project.of_manifest(manifest)
    assert project is not None, "both ways above give a manifest's path"
    project.check()
    collect_only = any(getattr(config.option, name, False) for name in ("collectonly", "setupplan", "setuponly"))
    options = [config.getoption(f"f07_{name}") for name in _OPTIONS]
    selection = Selection(project, manifest.parent.name, collect_only, *options)
    selection.set_aside = _set_aside(config, list(named) or [_to_argument(config, manifest)], bool(named))
    return selection


def _manifest_path(config: pytest.Config, argument: str) -> Path | None:
    path = config.invocation_params.dir / argument.split("::")[0]
    manifest = Path(*path.parts) if ".." not in path.parts else path.resolve()
    return manifest if Project.of_manifest(manifest) else None


def _to_argument(config: pytest.Config, manifest: Path) -> str:
    return manifest.relative_to(config.invocation_params.dir).as_posix()


def _set_aside(config: pytest.Config, arguments: list[str], named: bool) -> list[str]:
    """Set aside the host's paths and options, and return them."""
    has_paths = config.args_source != pytest.Config.ArgsSource.INVOCATION_DIR
    aside = [argument for argument in config.args if argument not in arguments] if named or has_paths else []
    config.args, config.args_source = list(map(_compose_id, arguments)), pytest.Config.ArgsSource.ARGS
    config.option.keyword = composed(config.option.keyword)
    config.option.deselect = config.option.deselect and list(map(_compose_id, config.option.deselect))
    return aside + set_options_aside(config)


def _compose_id(argument: str) -> str:
    """Return a node id with the model's name as items have it; the path before it is the file system's."""
    path, separator, name = argument.partition("::")
    return path + separator + composed(name)
