"""Read the earlier runs that a run is compared with, and compare it with each."""

from __future__ import annotations

import shutil
from collections.abc import Mapping

from pytest_f07.errors import F07Error
from pytest_f07.results.comparison.baseline import BaselineRun
from pytest_f07.results.comparison.compare import Comparison
from pytest_f07.results.comparison.gate import add_worse
from pytest_f07.results.comparison.paired_comparison import ComparedRun, try_compare
from pytest_f07.variant.disk import make_temporary
from pytest_f07.variant.manifest import Manifest
from pytest_f07.variant.params import Params
from pytest_f07.variant.paths import Project, is_variant
from pytest_f07.variant.revision import fetch_run

SHOWN_COMMIT = 7  # digits, as git has it


def read_baselines(manifest: Manifest, params: Params, compare_with: str | None) -> dict[str, BaselineRun]:
    """Read each earlier run, the one that is to be shown first.

    :param compare_with: ``v700``, ``v700@revision`` or ``path/to/project:v700``; None where nothing is asked for.
    :returns: by the variant or the text that names it.
    :raises F07Error: where one is not there or is no complete run of these models.
    """
    project, names = manifest.project, manifest.prediction_names
    baselines = {}
    if compare_with is not None:
        subject = f"--f07-compare={compare_with}"
        baselines[compare_with] = _read_named(project, compare_with, manifest, subject)
    for variant in params.requirements.baselines:
        where = project.show(manifest.paths.params)
        if variant == manifest.paths.name:
            raise F07Error(f"{where}: require names {variant}, which is the variant itself; name another one.")
        if variant not in baselines:
            baselines[variant] = BaselineRun.read(project, variant, names, f"{where}: require names {variant}")
    return baselines


def _read_named(project: Project, text: str, manifest: Manifest, subject: str) -> BaselineRun:
    """Read the run that ``--f07-compare`` names."""
    other, colon, name = text.rpartition(":")
    variant, at, revision = name.partition("@")
    if not is_variant(variant) or (colon and not other) or (at and not revision):
        raise F07Error(
            f"{subject}: name a run like v701, v701@REVISION or path/to/project:v701; a variant is 'v' and at least "
            "three digits."
        )
    if other:
        project = Project(manifest.project.root / other)
        if not project.variants.is_dir():
            raise F07Error(f"{subject}: {other} is no project: it has no folder executions/07_deployrun/.")
    is_own = project.root.resolve() == manifest.project.root.resolve()
    if is_own and variant == manifest.paths.name and not at:
        raise F07Error(f"{subject} is the variant itself; name another one, or a revision of it ({variant}@HEAD).")
    if not at:
        return BaselineRun.read(project, variant, manifest.prediction_names, subject, text)
    folder = make_temporary(f"f07-{variant}-")
    try:
        fetched, commit = fetch_run(project, variant, revision, folder, subject)
        name = text if commit.startswith(revision) else f"{text} ({commit[:SHOWN_COMMIT]})"
        return BaselineRun.read(fetched, variant, manifest.prediction_names, subject, name, folder)
    except F07Error:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def compare_with_all(baselines: Mapping[str, BaselineRun], params: Params, run: ComparedRun) -> Comparison:
    """Compare with each earlier run, fail the models that are worse than allowed, and return the first comparison."""
    comparisons = {name: try_compare(baseline, run) for name, baseline in baselines.items()}
    add_worse(params.requirements, comparisons, run.verdicts)
    return next(iter(comparisons.values()))


def remove_fetched(baselines: Mapping[str, BaselineRun]) -> None:
    """Remove the temporary folders into which runs were fetched."""
    for baseline in baselines.values():
        if baseline.fetched_to is not None:
            shutil.rmtree(baseline.fetched_to, ignore_errors=True)
