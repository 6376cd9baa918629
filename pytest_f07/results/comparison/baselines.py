"""Read the earlier runs that a run is compared with, and compare it with each."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence

from pytest_f07.errors import F07Error
from pytest_f07.results.comparison.baseline import BaselineRun
from pytest_f07.results.comparison.compare import Comparison
from pytest_f07.results.comparison.gate import add_worse
from pytest_f07.results.comparison.paired_comparison import ComparedRun, try_compare
from pytest_f07.results.verdict import Verdict
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
        baselines[compare_with] = read_named(project, compare_with, manifest.paths.name, names, subject)
    for variant in params.requirements.baselines:
        where = project.show(manifest.paths.params)
        if variant == manifest.paths.name:
            raise F07Error(f"{where}: require names {variant}, which is the variant itself; name another one.")
        if variant not in baselines:
            baselines[variant] = BaselineRun.read(project, variant, names, f"{where}: require names {variant}")
    return baselines


def read_named(project: Project, text: str, variant: str, names: Sequence[str], subject: str) -> BaselineRun:
    """Read the run that ``text`` names: ``v700``, ``v700@revision`` or ``path/to/project:v700``.

    :param variant: the variant that is to be compared with it, and ``names`` its models.
    :param subject: who names it, as messages begin.
    :returns: the run; :func:`remove_fetched` removes the folder that it may have been fetched into.
    :raises F07Error: where it is not there or is no complete run of these models.
    """
    compared = project.root.resolve(), variant
    other, colon, name = str(text).rpartition(":")  # in Python it may be anything
    named, at, revision = name.partition("@")
    if not is_variant(named) or (colon and not other) or (at and not revision):
        raise F07Error(
            f"{subject}: name a run like v701, v701@REVISION or path/to/project:v701; a variant is 'v' and at least "
            "three digits."
        )
    if other:
        project = Project(project.root / other)
        if not project.variants.is_dir():
            raise F07Error(f"{subject}: {other} is no project: it has no folder executions/07_deployrun/.")
    if (project.root.resolve(), named) == compared and not at:
        raise F07Error(f"{subject} is the variant itself; name another one, or a revision of it ({variant}@HEAD).")
    if not at:
        return BaselineRun.read(project, named, names, subject, text)
    folder = make_temporary(f"f07-{named}-")
    try:
        fetched, commit = fetch_run(project, named, revision, folder, subject)
        shown = text if commit.startswith(revision) else f"{text} ({commit[:SHOWN_COMMIT]})"
        return BaselineRun.read(fetched, named, names, subject, shown, folder)
    except F07Error:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def compare_with_all(
    baselines: Mapping[str, BaselineRun], params: Params, run: ComparedRun, verdicts: Mapping[str, Verdict]
) -> Comparison:
    """Compare with each earlier run, fail the models that are worse than allowed, and return the first comparison."""
    comparisons = {name: try_compare(baseline, run) for name, baseline in baselines.items()}
    add_worse(params.requirements, comparisons, verdicts)
    return next(iter(comparisons.values()))


def remove_fetched(baselines: Mapping[str, BaselineRun]) -> None:
    """Remove the temporary folders into which runs were fetched."""
    for baseline in baselines.values():
        if baseline.fetched_to is not None:
            shutil.rmtree(baseline.fetched_to, ignore_errors=True)
