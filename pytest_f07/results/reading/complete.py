"""Find a variant's complete run: its metadata, which a run writes last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_f07.errors import F07Error
from pytest_f07.results.reading.broken import read_break
from pytest_f07.variant.documents import read_json
from pytest_f07.variant.missing import missing_variant
from pytest_f07.variant.paths import DEPLOYRUN, Project, VariantPaths, check_variant


def require_variant(project: Project, variant: str) -> VariantPaths:
    """Return the paths of a variant; raise :class:`F07Error` where there is none."""
    paths = project.variant(check_variant(variant, "VARIANT"))
    if not paths.folder.is_dir():
        raise missing_variant(project, variant)
    return paths


def read_metadata(project: Project, paths: VariantPaths) -> dict[str, Any]:
    """Return what a complete run of this tool wrote last; :class:`F07Error` where there is none."""
    document = read_any_metadata(project, paths)
    if is_older(document):
        where = project.show(paths.metadata)
        raise F07Error(
            f"{where}: holds no outcome or no digests: an older tool wrote it. Run it: make script7-run "
            f"VARIANT={paths.name}"
        )
    return document


def check_metadata(project: Project, paths: VariantPaths, document: Mapping[str, Any]) -> None:
    """Raise :class:`F07Error` where metadata of this tool do not hold the models' outcomes and the datasets' rows."""
    where, remedy = project.show(paths.metadata), f"Run it: make script7-run VARIANT={paths.name}"
    models, counts = document.get("models"), document.get("counts")
    if not isinstance(models, dict) or not all(_is_model(model) for model in models.values()):
        raise F07Error(f"{where}: models is not what a run writes: by name, each with outcome and failures. {remedy}")
    rows = counts.get("rows") if isinstance(counts, dict) else None
    if not isinstance(rows, dict) or not all(isinstance(count, int) for count in rows.values()):
        raise F07Error(f"{where}: counts is not what a run writes: it must hold the rows of each dataset. {remedy}")


def _is_model(model: object) -> bool:
    failures = model.get("failures") if isinstance(model, dict) else None
    return isinstance(failures, list) and all(
        isinstance(failure, dict) and {"code", "message"} <= set(failure) for failure in failures
    )


def read_any_metadata(project: Project, paths: VariantPaths) -> dict[str, Any]:
    """Return the metadata of this or of an older tool; :class:`F07Error` where it is not this variant's."""
    where = project.show(paths.metadata)
    if not paths.metadata.is_file():
        stopped = read_break(paths)
        reason = f"its run broke: {stopped.reason}" if stopped else f"no run of {paths.name} was completed"
        raise F07Error(f"{where} is not there: {reason}. Run it: make script7-run VARIANT={paths.name}")
    document = read_json(paths.metadata, where)
    if (document.get("stage"), document.get("variant")) != (DEPLOYRUN, paths.name):
        stage, variant = (str(document.get(key, "missing"))[:40] for key in ("stage", "variant"))
        raise F07Error(f"{where}: stage is {stage} and variant is {variant}, not {DEPLOYRUN} and {paths.name}.")
    return document


def is_older(document: Mapping[str, Any]) -> bool:
    """Return whether an older tool wrote the metadata: they hold no outcome or no digests."""
    return not isinstance(document.get("sha256"), dict) or document.get("outcome") not in ("passed", "failed")
