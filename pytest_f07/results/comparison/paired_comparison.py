"""Compare a run with an earlier one, with what of it is more than noise, and what changed about each model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from pytest_f07.errors import F07Error, one_line
from pytest_f07.results.comparison.baseline import BaselineRun
from pytest_f07.results.comparison.changes import changes_of
from pytest_f07.results.comparison.compare import Comparison, compare
from pytest_f07.results.comparison.flips import RunLog
from pytest_f07.results.comparison.labels import count_label_differences
from pytest_f07.results.comparison.model_change import STILL_FAILING
from pytest_f07.results.comparison.model_record import record_differences
from pytest_f07.results.comparison.pairs import Pairs, pair_rows
from pytest_f07.results.server_record import describe_server
from pytest_f07.variant.dataset import Dataset
from pytest_f07.variant.wording import agreeing, counted


@dataclass(frozen=True)
class ComparedRun:
    """A run, as far as it is compared with earlier ones; what belongs to a model is by prediction_name.

    :param metrics: the metrics of each model.
    :param codes: the codes of each model's failures.
    :param records: what each model is now.
    :param server: which server it validated, as the metadata say.
    :param dependent: rows after which nothing overlaps; None where the package does not say.
    """

    log: RunLog
    metrics: Mapping[str, Mapping[str, Any]]
    codes: Mapping[str, Set[str]]
    datasets: Sequence[Dataset]
    records: Mapping[str, Mapping[str, Any]]
    dependent: int | None
    server: Mapping[str, Any] = field(default_factory=dict)


def try_compare(baseline: BaselineRun, run: ComparedRun) -> Comparison:
    """Compare a run with an earlier one; where that fails, return a comparison whose note says why."""
    try:
        comparison = compare(baseline, run.log, run.metrics)
        _add_changes(comparison, baseline, run)
        _add_differences(comparison, baseline, run)
        comparison.notes += _label_notes(comparison, baseline, run)
        then, now = describe_server(baseline.server), describe_server(run.server)
        comparison.servers = (then, now) if then != now else None
        return comparison
    except (F07Error, OSError, pa.ArrowException) as error:
        note = f"{baseline.name} cannot be compared: {one_line(str(error))}."
        return Comparison(baseline.name, baseline.package, baseline.timestamp, [], [note], variant=baseline.variant)


def _add_changes(comparison: Comparison, baseline: BaselineRun, run: ComparedRun) -> None:
    """Add the paired rows of each common model, and the test of each metric on them.

    :raises F07Error: where the earlier log cannot be read.
    """
    pairs: dict[str, Pairs] = {}
    common = {change.prediction_name for change in comparison.models}
    for dataset in run.datasets:
        owners = [name for name, record in run.records.items() if record["dataset"] == dataset.source_f04]
        names = [name for name in owners if name in common]
        if names and dataset.source_f04 in baseline.log.rows:
            pairs |= pair_rows(baseline.log, run.log, dataset, names, run.dependent)
    for change in comparison.models:
        paired = pairs.get(change.prediction_name)
        if paired is not None and paired.rows:
            change.pairs, change.changes = paired, changes_of(paired)


def _add_differences(comparison: Comparison, baseline: BaselineRun, run: ComparedRun) -> None:
    """Add what changed about each model and about its outcome."""
    for change in comparison.models:
        name = change.prediction_name
        then = baseline.models.get(name, {})
        record = then.get("model")
        change.about = record_differences(record if isinstance(record, dict) else None, run.records[name])
        failures = then.get("failures")
        codes_then = {entry.get("code") for entry in failures} if isinstance(failures, list) else set()
        codes_now = run.codes[name]
        for kind, codes in (
            ("new failure", codes_now - codes_then),
            ("fixed", codes_then - codes_now),
            (STILL_FAILING, codes_now & codes_then),
        ):
            if codes:
                change.outcomes.append(f"{kind}: {', '.join(sorted(map(str, codes)))}")


def _label_notes(comparison: Comparison, baseline: BaselineRun, run: ComparedRun) -> Iterator[str]:
    """Yield a sentence for each own dataset that is another file now: labels are today's, for both runs."""
    names = {change.prediction_name for change in comparison.models if change.pairs is not None}
    digests = {run.records[name]["dataset"]: (name, run.records[name]["dataset_sha256"]) for name in names}
    for dataset in run.datasets:
        name, sha256 = digests.get(dataset.source_f04, ("", ""))
        record = baseline.models.get(name, {}).get("model")
        if not name or (isinstance(record, dict) and record.get("dataset_sha256") == sha256):
            continue
        then = baseline.open_dataset(dataset.source_f04)
        if then is None:
            yield f"Dataset {dataset.source_f04}: its labels then cannot be read; today's are taken for both runs."
        elif differing := count_label_differences(then, dataset):
            verb = agreeing(differing, "is", "are")
            yield (
                f"Dataset {dataset.source_f04}: {counted(differing, 'row')} {verb} labelled otherwise than in "
                f"{baseline.package}; today's labels are taken for both runs."
            )
