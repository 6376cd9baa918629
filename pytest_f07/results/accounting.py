"""Compare the numbers and outcomes that a run wrote in several files with a second count, and with each other."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyarrow as pa

from pytest_f07.errors import F07Error, one_line
from pytest_f07.results import metric_table
from pytest_f07.results.counting import LogCounts
from pytest_f07.results.own_checks import PROPERTY, recorded_outcomes
from pytest_f07.results.recount import Recount, RecountError, csv_fault, recount
from pytest_f07.variant import manifest
from pytest_f07.variant.documents import read_json
from pytest_f07.variant.manifest import Manifest
from pytest_f07.variant.params import Params
from pytest_f07.variant.paths import Project, VariantPaths

MAX_PREDICTIONS = 1_000_000  # about two seconds at the end of a run
Rows = Mapping[str, Mapping[str, object]]


@dataclass(frozen=True)
class ModelOutcome:
    """The outcome of one model in JUnit or the metadata, and the codes of its failures."""

    outcome: str
    codes: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.outcome} ({', '.join(self.codes)})" if self.codes else self.outcome


def check_accounting(project: Project, paths: VariantPaths, document: Mapping[str, Any]) -> int:
    """Count a finished run again, and compare the files of the run with that count.

    :param document: the run's metadata.
    :returns: the number of predictions that were counted.
    :raises F07Error: for the first file, model and number that disagree.
    """
    loaded = manifest.load(project, paths.name)
    loaded.read_models()
    loaded.read_datasets(None)
    params = Params.read(paths.params, project.show(paths.params))
    try:
        recounted = recount(paths.folder, loaded.package.folder, paths.predictions_parquet)
        fault = None if params.log == "parts" else csv_fault(paths.predictions_csv, paths.predictions_parquet)
    except RecountError as error:
        raise F07Error(f"{project.show(paths.predictions_parquet)}: {error}.") from None
    except (OSError, KeyError, pa.ArrowException) as error:  # KeyError: a log without one of its columns
        raise F07Error(f"{paths.name} cannot be counted again: {one_line(str(error))}.") from None
    if fault:
        raise F07Error(f"{project.show(paths.predictions_csv)}: {fault}.")
    for sentence in _disagreements(project, paths, document, params, recounted):
        raise F07Error(sentence)
    return sum(recounted.rows.values()) * len(recounted.models)


def recount_faults(loaded: Manifest, parquet: Path, log: LogCounts) -> dict[str, str]:
    """Return the differences between a second count and the run's own, by prediction_name.

    A log that is known to differ from the datasets is not counted again, nor is one of more than
    :data:`MAX_PREDICTIONS`: ``check7`` counts that.
    """
    if log.fault or sum(audit.emissions for audit in log.audits.values()) > MAX_PREDICTIONS:
        return {}
    try:
        recounted = recount(loaded.paths.folder, loaded.package.folder, parquet)
    except RecountError as error:
        return dict.fromkeys(log.metrics, str(error))
    rows = {name: metric_table.values(metrics.counts(log.audits[name])) for name, metrics in log.metrics.items()}
    return dict(count_differences(recounted.models, rows))


def count_differences(recounted: Rows, rows: Rows) -> Iterator[tuple[str, str]]:
    """Yield the name of each model whose counts differ, and the first number that does.

    :param recounted: by prediction_name, the numbers of the second count.
    :param rows: by prediction_name, numbers or their text, under the column names of metrics_per_model.csv.
    """
    for name, counts in recounted.items():
        row = rows.get(name, {})
        for key, value in counts.items():
            if key == "non_finite" and key not in row:
                continue  # older tools did not count them
            written = metric_table.csv_text(row.get(key, "missing"))
            if written != metric_table.csv_text(value):
                yield name, f"{key} is {written or 'empty'}; counted again from the log it is {value}"
                break


def _disagreements(
    project: Project, paths: VariantPaths, document: Mapping[str, Any], params: Params, recounted: Recount
) -> Iterator[str]:
    with paths.metrics_csv.open(newline="", encoding="utf-8", errors="replace") as file:
        rows: dict[str, Rows] = {project.show(paths.metrics_csv): _by_name(list(csv.DictReader(file)))}
    if paths.metrics_json.is_file():
        where = project.show(paths.metrics_json)
        rows[where] = _by_name(
            [
                {"prediction_name": name, **(row if isinstance(row, dict) else {})}
                for name, row in read_json(paths.metrics_json, where).items()
            ]
        )
    for name in recounted.models:
        if (path := paths.model_metrics_json(name)).is_file():  # earlier versions wrote none
            where = project.show(path)
            row = {"prediction_name": name, **read_json(path, where)}
            shown = {name: {key: value for key, value in recounted.models[name].items() if key in row}}
            yield from (f"{where}: {text}." for _, text in count_differences(shown, _by_name([row])))
    judged = document.get("outcome") is not None  # an older tool wrote neither outcomes nor junit.xml
    if judged:
        where = project.show(paths.junit_xml)
        cases = junit_properties(paths.junit_xml, where)
        rows[where] = _by_name([case for case in cases if PROPERTY not in case])
        own_checks = {case[PROPERTY]: case["outcome"] for case in cases if PROPERTY in case}
        yield from _own_check_disagreements(project.show(paths.metadata), document, own_checks)
    for where, models in rows.items():
        if list(models) != list(recounted.models):
            yield f"{where}: its models are {_join_names(models)}; the log's are {_join_names(recounted.models)}."
        yield from (f"{where}: {name}: {text}." for name, text in count_differences(recounted.models, models))
    if judged:
        where = project.show(paths.metadata)
        yield from _count_disagreements(where, document, recounted)
        yield from _outcome_disagreements(where, document, rows[project.show(paths.junit_xml)])
        yield from _wrong_passes(where, document, params, recounted)


def _by_name(rows: list[dict[str, Any]]) -> Rows:
    return {str(row.get("prediction_name")): row for row in rows}


def _join_names(names: Mapping[str, object]) -> str:
    return ", ".join(names) or "none"


def junit_properties(path: Path, where: str) -> list[dict[str, str]]:
    """Return the properties of each test case, and under ``outcome`` how it ended.

    :raises F07Error: for what is not XML.
    """
    try:
        cases = list(ElementTree.parse(path).iter("testcase"))
    except (ElementTree.ParseError, OSError) as error:
        raise F07Error(f"{where}: is not readable XML ({error}).") from None
    rows = []
    for case in cases:
        values = {str(entry.get("name")): str(entry.get("value")) for entry in case.iter("property")}
        failed = any(case.find(kind) is not None for kind in ("failure", "error", "skipped"))
        rows.append({**values, "outcome": "failed" if failed else "passed"})
    return rows


def _own_check_disagreements(where: str, document: Mapping[str, Any], junit: Mapping[str, str]) -> Iterator[str]:
    """Yield a sentence for each own check that the metadata have otherwise than junit.xml."""
    recorded = recorded_outcomes(document)
    for node_id in {**recorded, **junit}:
        outcome, tested = recorded.get(node_id, "missing"), junit.get(node_id, "missing")
        # A file that cannot be collected, or an item of another plugin's, has no case of ours in junit.xml.
        if outcome != tested and (tested, outcome) != ("missing", "failed"):
            yield f"{where}: the own check {node_id} is {outcome}; in junit.xml it is {tested}."


def _count_disagreements(where: str, document: Mapping[str, Any], recounted: Recount) -> Iterator[str]:
    windows = sum(recounted.rows.values())
    expected = {"windows": windows, "predictions": windows * len(recounted.models), "rows": recounted.rows}
    counts = document.get("counts")
    for key, value in expected.items():
        written = counts.get(key) if isinstance(counts, dict) else None
        if written != value:
            yield f"{where}: counts.{key} is {written}; the files hold {value}."


def _outcome_disagreements(where: str, document: Mapping[str, Any], junit: Rows) -> Iterator[str]:
    models = document.get("models")
    outcomes = {name: _read_outcome(model) for name, model in models.items()} if isinstance(models, dict) else {}
    if list(outcomes) != list(junit):
        yield f"{where}: its models are {_join_names(outcomes)}; those of junit.xml are {_join_names(junit)}."
    for name, row in junit.items():
        codes = tuple(filter(None, str(row.get("code", "")).split(",")))
        tested = ModelOutcome(str(row["outcome"]), codes)
        if outcomes.get(name) != tested:
            yield f"{where}: {name} is {outcomes.get(name, 'missing')}; in junit.xml it is {tested}."
    ended = [*(model.outcome for model in outcomes.values()), *recorded_outcomes(document).values()]
    overall = "failed" if any(outcome != "passed" for outcome in ended) else "passed"
    if document["outcome"] != overall:
        yield f"{where}: outcome is {document['outcome']}; its models and own checks make it {overall}."


def _read_outcome(model: object) -> ModelOutcome:
    entry = model if isinstance(model, dict) else {}
    failures = entry.get("failures") or []
    codes = tuple(str(failure.get("code")) for failure in failures if isinstance(failure, dict))
    return ModelOutcome(str(entry.get("outcome")), codes)


def _wrong_passes(where: str, document: Mapping[str, Any], params: Params, recounted: Recount) -> Iterator[str]:
    """Yield a sentence for each model that passed and by the count must have failed."""
    for name, counts in recounted.models.items():
        if _read_outcome(document["models"].get(name)).outcome != "passed":
            continue
        if non_finite := recounted.own_non_finite[name]:
            yield f"{where}: {name} is passed; {non_finite:,} scores of its own dataset are not numbers."
        if not any(counts[key] for key in ("TP", "TN", "FP", "FN")):
            yield f"{where}: {name} is passed; no row of its own dataset is labelled."
        for metric, smallest in params.requirements.least(name).items():
            value = counts.get(metric)
            if value is not None and value < smallest:
                yield f"{where}: {name} is passed; its {metric} is {value}, and {smallest} is required."
