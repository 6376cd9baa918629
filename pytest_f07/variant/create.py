"""Create a variant (``variant7``): write its params.yaml, manifest.json and registry entry, or none of them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from pytest_f07.errors import F07Error
from pytest_f07.variant import manifest, registry
from pytest_f07.variant.address import ADDRESS_KEYS
from pytest_f07.variant.coherence import incoherences
from pytest_f07.variant.documents import read_parameters, to_json, to_yaml, write_atomic
from pytest_f07.variant.lock import registry_lock, variant_lock
from pytest_f07.variant.package import read_package
from pytest_f07.variant.params import Params
from pytest_f07.variant.paths import Project, VariantPaths, check_variant
from pytest_f07.variant.requirements import MetricLimits
from pytest_f07.variant.seal import seal
from pytest_f07.variant.unlisted import unlisted_models


@dataclass(frozen=True)
class Declaration:
    """Result of declaring a variant.

    :param completed: whether its params.yaml was there before, and only the manifest was missing.
    :param warnings: a sentence for each thing in the package that will not be validated, or contradicts itself.
    """

    paths: VariantPaths
    completed: bool
    warnings: list[str]


def create_variant(
    project: Project, variant: str, parent: str, overrides: Mapping[str, Any], limits: MetricLimits
) -> Declaration:
    """Declare ``variant`` of package ``parent`` (specification §4.1).

    A variant whose params.yaml is there and whose manifest is not (git ignored it, so a clone has none) is completed,
    and keeps its parameters.

    :param overrides: ``batch_size``, ``host``, ``port``, ``url`` and ``protocol`` that replace single keys of
        base_params.yaml.
    :param limits: the metrics that ``require`` may name, with the smallest and largest value of each.
    :raises F07Error: for a bad or taken name, or a package that cannot be validated; nothing is left behind.
    """
    check_variant(variant, "VARIANT")
    check_variant(parent, "PARENT")
    paths, package = project.variant(variant), project.package(parent)
    is_declared = paths.params.is_file() and not os.path.lexists(paths.manifest)
    if is_declared:
        params = _check_declared(project, paths, parent, overrides)
    elif os.path.lexists(paths.folder):
        raise F07Error(f"VARIANT={variant} is taken: {project.show(paths.folder)} exists. Choose another name.")
    else:
        params = _merge_params(project, parent, overrides)
    models, datasets = read_package(package)
    params.requirements.check(limits, [model.prediction_name for model in models], "params.yaml")
    document = to_json(manifest.build(project, package, models, datasets, seal(package.folder)))
    unlisted = unlisted_models(package, {model.folder.name for model in models})
    warnings = [f"package {package.name}: {name} is on no list of models: it is not validated" for name in unlisted]
    warnings += incoherences(package, models, datasets)
    if is_declared:
        _complete(project, paths, parent, document)
    else:
        _declare(project, paths, params, document)
    return Declaration(paths, is_declared, warnings)


def _declare(project: Project, paths: VariantPaths, params: Params, document: bytes) -> None:
    project.variants.mkdir(parents=True, exist_ok=True)
    with registry_lock(project.variants), _staging(project.variants) as staging:
        staged = VariantPaths(staging)
        staged.params.write_bytes(to_yaml(params.document()))
        staged.manifest.write_bytes(document)
        before = project.registry.read_bytes() if project.registry.exists() else None
        write_atomic(project.registry, registry.with_variant(project, paths.name, params.parent_variant_f06))
        try:
            staging.rename(paths.folder)
        except OSError as error:
            if before is None:
                project.registry.unlink()
            else:
                write_atomic(project.registry, before)
            raise F07Error(f"{project.show(paths.folder)} cannot be made: {error.strerror}.") from None


def _check_declared(project: Project, paths: VariantPaths, parent: str, overrides: Mapping[str, Any]) -> Params:
    """Return the parameters that are there; raise :class:`F07Error` where the command says another thing."""
    where = project.show(paths.params)
    params = Params.read(paths.params, where)
    if params.parent_variant_f06 != parent:
        raise F07Error(
            f"{where}: parent_variant_f06 is {params.parent_variant_f06}, and PARENT={parent} was given. Give "
            f"PARENT={params.parent_variant_f06}, or choose another name than {paths.name}."
        )
    for key, value in overrides.items():
        declared = getattr(params.address if key in ADDRESS_KEYS else params, key)
        if value is not None and value != declared:
            raise F07Error(
                f"{where}: {key} is {declared!r}, and {key.upper()}={value} was given; a declared variant "
                f"keeps its parameters. Leave {key.upper()} out, or change params.yaml."
            )
    return params


def _complete(project: Project, paths: VariantPaths, parent: str, document: bytes) -> None:
    with variant_lock(paths), registry_lock(project.variants):
        write_atomic(paths.manifest, document)
        try:
            if paths.name not in registry.read(project)["variants"]:
                write_atomic(project.registry, registry.with_variant(project, paths.name, parent))
        except BaseException:
            paths.manifest.unlink()
            raise


def _merge_params(project: Project, parent: str, overrides: Mapping[str, Any]) -> Params:
    """Return the parameters: base_params.yaml with ``overrides`` in place of its values."""
    base: dict[str, Any] = {}
    if project.base_params.exists():
        where = project.show(project.base_params)
        base = read_parameters(project.base_params, where)
        Params.parse({**base, "parent_variant_f06": parent}, where)
    changed = {key: value for key, value in overrides.items() if value is not None}
    batch_size = {"batch_size": changed.pop("batch_size")} if "batch_size" in changed else {}
    merged = {**base, **batch_size, "parent_variant_f06": parent}
    if changed:
        merged["runtime"] = {**(base.get("runtime") or {}), **changed}
    return Params.parse(merged, "params.yaml")


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    path = folder / f".variant7-{uuid4().hex}"
    path.mkdir()  # not mkdtemp: a shared folder gives its own rights (umask, setgid, default ACL)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
