"""check7: is a variant's run complete, sealed, unaltered, and do its books balance? Each is looked at on disk, anew."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pytest_f07.errors import F07Error, one_line
from pytest_f07.log.reader import log_files
from pytest_f07.log.schema import SCHEMA
from pytest_f07.replay.shards import cut_shards
from pytest_f07.results import metric_table
from pytest_f07.results.accounting import check_accounting
from pytest_f07.results.checks import describe_outcome
from pytest_f07.results.counting import count_log
from pytest_f07.results.reading.complete import is_older, read_any_metadata, require_variant
from pytest_f07.results.reading.unaltered import describe_alteration
from pytest_f07.variant import manifest
from pytest_f07.variant.coherence import incoherences
from pytest_f07.variant.package import read_package
from pytest_f07.variant.params import Params
from pytest_f07.variant.paths import PackagePaths, Project, VariantPaths, check_variant
from pytest_f07.variant.unlisted import unlisted_models
from pytest_f07.variant.wording import counted


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    :param text: what was seen, where it is as it should be.
    :param wrong: what is wrong with it.
    :param unknown: why it could not be looked at.
    """

    name: str
    text: str = ""
    wrong: str = ""
    unknown: str = ""

    @property
    def is_good(self) -> bool:
        """Whether it was looked at and is as it should be."""
        return not self.wrong and not self.unknown

    def line(self) -> str:
        """Return the finding as the terminal shows it."""
        state = "NO" if self.wrong else "--" if self.unknown else "ok"
        return f"{state}  {self.name:<9}  {self.wrong or self.unknown or self.text}"


def check_run(project: Project, variant: str) -> list[Finding]:
    """Return all findings of one variant; of what an older tool left, those that can be had.

    :raises F07Error: where there is no such variant.
    """
    paths = require_variant(project, variant)
    sealed = _sealed(project, paths)
    try:
        document = read_any_metadata(project, paths)
    except F07Error as error:
        nothing = "not looked at: there is no complete run"
        complete = Finding("complete", wrong=str(error))
        return [complete, Finding("unaltered", unknown=nothing), sealed, Finding("balanced", unknown=nothing)]
    findings = [_complete(project, paths, document), _unaltered(project, paths, document), sealed]
    balanced = Finding("balanced", unknown="not looked at, since the above is not as the run left it")
    if not any(finding.wrong for finding in findings):
        balanced = _balanced(project, paths, document)
    return [*findings, balanced, *_notebook(project, paths, document)]


def check_package(project: Project, parent: str) -> list[str]:
    """Return a line of what a fit package holds, and one for each warning; write nothing.

    :raises F07Error: for whatever ``variant7`` would refuse.
    """
    package = project.package(check_variant(parent, "PARENT"))
    models, datasets = read_package(package)
    rows = sum(dataset.rows for dataset in datasets)
    counts = f"{counted(len(models), 'model')}, {counted(len(datasets), 'dataset')}, {counted(rows, 'row')}"
    unlisted = _unlisted(package, {model.folder.name for model in models})
    warnings = [f"warning: {sentence}" for sentence in incoherences(package, models, datasets)]
    return [f"package {parent}: fit to be validated: {counts}{unlisted}", *warnings]


def _unlisted(package: PackagePaths, folder_names: Collection[str]) -> str:
    """Return a clause that names the model folders which nobody lists; empty where there is none."""
    names = unlisted_models(package, folder_names)
    return f"; on no list of models, so not validated: {', '.join(names)}" if names else ""


def _complete(project: Project, paths: VariantPaths, document: Mapping[str, Any]) -> Finding:
    log = paths.predictions_parquet
    expected = [
        paths.params,
        paths.manifest,
        *(log_files(log) or [log]),
        *([] if log.is_dir() else [paths.predictions_csv]),
        paths.metrics_csv,
        paths.report_html,
    ]
    try:
        names = manifest.load(project, paths.name).prediction_names
    except F07Error as error:
        return Finding("complete", wrong=str(error))
    older = is_older(document)
    if not older:
        expected += [paths.junit_xml, *map(paths.confusion_png, names)]
    for path in expected:
        if not path.is_file():
            return Finding("complete", wrong=f"{project.show(path)} is missing")
    when, models = str(document.get("timestamp"))[:19], counted(len(names), "model")
    if older:
        return Finding("complete", unknown=f"{models}, run of {when}; an older tool wrote no outcome")
    return Finding("complete", f"{models}, {describe_outcome(document)}, run of {when}")


def _unaltered(project: Project, paths: VariantPaths, document: Mapping[str, Any]) -> Finding:
    """Return whether every file is as the run left it, with none beside them."""
    if is_older(document):
        return Finding("unaltered", unknown="an older tool wrote no digests of its files, so nobody can tell")
    wrong = describe_alteration(project, paths, document)
    return Finding("unaltered", f"{counted(len(document['sha256']), 'file')} as the run left them", wrong)


def _notebook(project: Project, paths: VariantPaths, document: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield whether the executed copy of the notebook, where there is one, shows this run: it holds the run's time."""
    try:
        text = paths.notebook.read_text(encoding="utf-8")
    except FileNotFoundError:
        return
    except (OSError, UnicodeError) as error:
        yield Finding("notebook", wrong=f"{project.show(paths.notebook)} cannot be read: {error}")
        return
    is_current = str(document.get("timestamp")) in text
    yield Finding(
        "notebook",
        f"{paths.notebook.name} shows this run",
        ""
        if is_current
        else f"{project.show(paths.notebook)} shows another run than this one. Execute it again (make nb7-run "
        f"VARIANT={paths.name}), or remove it",
    )


def _sealed(project: Project, paths: VariantPaths) -> Finding:
    try:
        loaded = manifest.load(project, paths.name)
        loaded.check_seal()
        unlisted = _unlisted(loaded.package, {folder for _, _, folder in loaded.listed})
    except F07Error as error:
        return Finding("sealed", wrong=str(error))
    if loaded.files is None:
        return Finding(
            "sealed", unknown=f"the manifest has no seal (an older tool made it), so nobody can tell{unlisted}"
        )
    return Finding("sealed", f"package {loaded.package.name} as sealed, {counted(len(loaded.files), 'file')}{unlisted}")


def _balanced(project: Project, paths: VariantPaths, document: Mapping[str, Any]) -> Finding:
    """Count again, from the log and the package alone, and hold all that the run wrote against it."""
    try:
        columns = pq.read_schema(log_files(paths.predictions_parquet)[0]).names
        if absent := [name for name in SCHEMA.names if name not in columns]:
            return Finding("balanced", unknown=f"the log has no {', '.join(absent)}: an older tool wrote it")
        check_accounting(project, paths, document)
        params = Params.read(paths.params, project.show(paths.params))
        loaded = manifest.load(project, paths.name)
        models, datasets = loaded.read_models(), loaded.read_datasets(params.sample_size)
        shards = cut_shards(datasets, len(models), params.batch_size)
        log = count_log(paths.predictions_parquet, shards, datasets, models)
    except (F07Error, OSError, pa.ArrowException) as error:
        return Finding("balanced", wrong=one_line(str(error)))
    if log.fault:
        return Finding("balanced", wrong=log.fault)
    with paths.metrics_csv.open(newline="", encoding="utf-8") as file:
        written = {row.get("prediction_name"): row for row in csv.DictReader(file)}
    for name, metrics in log.metrics.items():
        if metrics.emissions != log.audits[name].emissions:
            return Finding("balanced", wrong=f"{name}: the counts do not add up to the emissions")
        for key, value in metric_table.values(metrics.counts(log.audits[name])).items():
            # A run of an earlier version lacks the columns that were added since; check_accounting asks for the others.
            expected = metric_table.csv_text(value)
            if (text := written[name].get(key, expected)) != expected:
                return Finding("balanced", wrong=f"{name}: {key} is {text}; the log says {value}")
    rows = sum(audit.emissions for audit in log.audits.values())
    return Finding("balanced", f"counted again from {rows:,} logged predictions: the metrics are theirs")
