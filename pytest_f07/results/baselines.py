"""Read the earlier runs that a run is compared with, and compare it with each."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from typing import Any

from pytest_f07.errors import F07Error
from pytest_f07.results.baseline import BaselineRun
from pytest_f07.results.compare import Comparison
from pytest_f07.results.flips import RunLog
from pytest_f07.results.gate import add_worse
from pytest_f07.results.paired_comparison import try_compare
from pytest_f07.results.verdict import Verdict
from pytest_f07.variant.dataset import Dataset
from pytest_f07.variant.disk import make_temporary
from pytest_f07.variant.manifest import Manifest
from pytest_f07.variant.package import Model
from pytest_f07.variant.params import Params
from pytest_f07.variant.paths import Project, check_variant
from pytest_f07.variant.revision import fetch_run


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
    other, _, name = text.rpartition(":")
    variant, _, revision = name.partition("@")
    check_variant(variant, "--f07-compare" if variant == text else f"{subject}: the variant")
    if other:
        project = Project(manifest.project.root / other)
        if not project.variants.is_dir():
            raise F07Error(f"{subject}: {other} is no project: it has no folder executions/07_deployrun/.")
    elif variant == manifest.paths.name and not revision:
        raise F07Error(f"{subject} is the variant itself; name another one, or a revision of it ({variant}@HEAD).")
    if "@" not in name:
        return BaselineRun.read(project, variant, manifest.prediction_names, subject)
    folder = make_temporary(f"f07-{variant}-")
    try:
        fetched = fetch_run(project, variant, revision, folder, subject)
        return BaselineRun.read(fetched, variant, manifest.prediction_names, subject, fetched_to=folder)
    except F07Error:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def compare_with_all(
    baselines: Mapping[str, BaselineRun],
    params: Params,
    log: RunLog,
    verdicts: Mapping[str, Verdict],
    models: Sequence[Model],
    datasets: Sequence[Dataset],
    records: Mapping[str, Mapping[str, Any]],
    dependent: int | None,
) -> Comparison:
    """Compare with each earlier run, fail the models that are worse than allowed, and return the first comparison.

    :param log: the log of the run.
    :param records: what each model is now.
    :param dependent: rows after which nothing overlaps, where the package says so.
    """
    comparisons = {
        name: try_compare(baseline, log, verdicts, models, datasets, records, dependent)
        for name, baseline in baselines.items()
    }
    add_worse(params.requirements, comparisons, verdicts)
    return next(iter(comparisons.values()))


def remove_fetched(baselines: Mapping[str, BaselineRun]) -> None:
    """Remove the temporary folders into which runs were fetched."""
    for baseline in baselines.values():
        if baseline.fetched_to is not None:
            shutil.rmtree(baseline.fetched_to, ignore_errors=True)
