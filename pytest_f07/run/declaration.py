"""Read what declares a variant: its manifest and its parameters, which must agree."""

from __future__ import annotations

from pytest_f07.errors import F07Error
from pytest_f07.results.metric_table import LIMITS
from pytest_f07.variant import manifest
from pytest_f07.variant.manifest import Manifest
from pytest_f07.variant.params import Params
from pytest_f07.variant.paths import Project


def load(project: Project, variant: str) -> tuple[Manifest, Params]:
    """Read a variant's manifest and parameters.

    :raises F07Error: where one of them is missing or wrong, or they name different packages.
    """
    loaded = manifest.load(project, variant)
    where = project.show(loaded.paths.params)
    params = Params.read(loaded.paths.params, where)
    if params.parent_variant_f06 != loaded.package.name:
        raise F07Error(
            f"{where}: parent_variant_f06 is {params.parent_variant_f06}, and the manifest was made of "
            f"{loaded.package.name}; they must agree. Make a new variant: make variant7 "
            f"VARIANT=<a new name> PARENT={params.parent_variant_f06}"
        )
    params.requirements.check(LIMITS, loaded.prediction_names, where)
    return loaded, params
