"""variant7: params.yaml, manifest.json and the registry entry of a new variant, all three or nothing."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pytest_f07.errors import F07Error
from pytest_f07.variant import manifest, registry
from pytest_f07.variant.documents import read_parameters, to_json, to_yaml, write_atomic
from pytest_f07.variant.lock import registry_lock
from pytest_f07.variant.package import read_package
from pytest_f07.variant.params import Params
from pytest_f07.variant.paths import Project, VariantPaths, check_variant
from pytest_f07.variant.seal import seal


def create_variant(project: Project, variant: str, parent: str, overrides: Mapping[str, Any]) -> VariantPaths:
    """Declare ``variant`` of package ``parent`` (specification §4.1).

    :param overrides: ``batch_size``, ``host`` and ``port`` that replace single keys of base_params.yaml.
    :raises F07Error: for a bad or taken name, or a package that cannot be validated; nothing is left behind.
    """
    check_variant(variant, "VARIANT")
    check_variant(parent, "PARENT")
    paths, package = project.variant(variant), project.package(parent)
    if os.path.lexists(paths.folder):
        raise F07Error(f"VARIANT={variant} is taken: {project.show(paths.folder)} exists. Choose another name.")
    params = _params(project, parent, overrides)
    models, datasets = read_package(package)
    document = manifest.build(project, package, models, datasets, seal(package.folder))
    project.variants.mkdir(parents=True, exist_ok=True)
    with registry_lock(project.variants), _staging(project.variants) as staging:
        staged = VariantPaths(staging)
        staged.params.write_bytes(to_yaml(params.document()))
        staged.manifest.write_bytes(to_json(document))
        staging.chmod(0o755)
        before = project.registry.read_bytes() if project.registry.exists() else None
        write_atomic(project.registry, registry.with_variant(project, variant, parent))
        try:
            staging.rename(paths.folder)
        except OSError as error:
            if before is None:
                project.registry.unlink()
            else:
                write_atomic(project.registry, before)
            raise F07Error(f"{project.show(paths.folder)} cannot be made: {error.strerror}.") from None
    return paths


def _params(project: Project, parent: str, overrides: Mapping[str, Any]) -> Params:
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
    path = Path(tempfile.mkdtemp(prefix=".variant7-", dir=folder))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
