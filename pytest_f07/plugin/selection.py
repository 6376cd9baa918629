"""Choose the manifest that a session validates, and set aside the host's options that would disturb it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pytest_f07.errors import F07Error
from pytest_f07.plugin.host import set_options_aside
from pytest_f07.variant.interpreter import check_system
from pytest_f07.variant.names import composed
from pytest_f07.variant.paths import Project, check_variant

_LISTING = ("help", "version", "markers", "cacheshow", "show_fixtures_per_test", "showfixtures", "xkill", "xshow")


@dataclass
class Selection:
    """The one variant of this session.

    :param collect_only: the session executes nothing (``--collect-only``, ``--setup-plan``, ``--setup-only``).
    :param compare_with: another variant, to whose complete run this one is compared.
    :param set_aside: what the command line or the host's ``addopts`` brought and this session does without.
    """

    project: Project
    variant: str
    collect_only: bool
    compare_with: str | None = None
    set_aside: list[str] = field(default_factory=list)


def select(config: pytest.Config) -> Selection | None:
    """Return the selection, or None where the session is not about a manifest.

    :raises pytest.UsageError: for more than one variant, or a name that is none.
    """
    if any(getattr(config.option, name, None) for name in _LISTING) or hasattr(config, "workerinput"):
        return None
    named = {argument: found for argument in config.args if (found := _manifest(config, argument))}
    variant = config.getoption("f07_variant")
    if variant is None and not named:
        if config.getoption("f07_compare") is not None:
            raise pytest.UsageError("--f07-compare needs --f07-variant: name the variant that is to be validated.")
        return None
    try:
        return _select(config, variant, named)
    except F07Error as error:
        raise pytest.UsageError(str(error)) from None


def _select(config: pytest.Config, variant: str | None, named: dict[str, Path]) -> Selection:
    check_system()
    manifests = set(named.values())
    if variant is not None:
        project = Project(config.invocation_params.dir)
        manifests.add(project.variant(check_variant(variant, "--f07-variant")).manifest)
    if len(manifests) > 1:
        found = ", ".join(sorted(path.parent.name for path in manifests))
        raise F07Error(f"{found} are asked for in one session; validate one variant at a time.")
    [manifest] = manifests
    of_manifest = Project.of_manifest(manifest)
    assert of_manifest is not None, "both ways above give a manifest's path"
    of_manifest.check()
    collect_only = any(getattr(config.option, name, False) for name in ("collectonly", "setupplan", "setuponly"))
    selection = Selection(of_manifest, manifest.parent.name, collect_only, config.getoption("f07_compare"))
    selection.set_aside = _set_aside(config, list(named) or [_argument(config, manifest)], bool(named))
    return selection


def _manifest(config: pytest.Config, argument: str) -> Path | None:
    path = config.invocation_params.dir / argument.split("::")[0]
    found = Path(*path.parts) if ".." not in path.parts else path.resolve()
    return found if Project.of_manifest(found) else None


def _argument(config: pytest.Config, manifest: Path) -> str:
    return manifest.relative_to(config.invocation_params.dir).as_posix()


def _set_aside(config: pytest.Config, arguments: list[str], named: bool) -> list[str]:
    """Set aside the host's paths and options; what they were."""
    brought = config.args_source != pytest.Config.ArgsSource.INVOCATION_DIR
    aside = [argument for argument in config.args if argument not in arguments] if named or brought else []
    config.args, config.args_source = list(map(_composed_id, arguments)), pytest.Config.ArgsSource.ARGS
    config.option.keyword = composed(config.option.keyword)
    config.option.deselect = config.option.deselect and list(map(_composed_id, config.option.deselect))
    return aside + set_options_aside(config)


def _composed_id(argument: str) -> str:
    """Return a node id with the model's name as items have it; the path before it is the file system's."""
    path, separator, name = argument.partition("::")
    return path + separator + composed(name)
