"""Compare a finished run with an earlier one, as ``COMPARE=`` does, without a new run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_f07.results.comparison.baselines import read_named, remove_fetched
from pytest_f07.results.comparison.compare import Comparison
from pytest_f07.results.comparison.flips import RunLog
from pytest_f07.results.comparison.paired_comparison import ComparedRun, try_compare
from pytest_f07.results.reading.frames import read_metrics
from pytest_f07.results.reading.own_datasets import OwnDatasets
from pytest_f07.variant.documents import to_json
from pytest_f07.variant.paths import Project
from pytest_f07.variant.temporal import dependent_rows

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ["prediction_name", "metric", "then", "now", "change", "low", "high", "p", "to_right", "to_wrong", "sentence"]


@dataclass(frozen=True)
class RunComparison:
    """What changed since an earlier run; :meth:`Run.compare` returns it.

    :param summary: the comparison in two sentences.
    :param notes: what could not be compared, in sentences.
    :param document: all of it, as ``report/comparison.json`` holds it.
    """

    summary: tuple[str, ...]
    notes: tuple[str, ...]
    document: Mapping[str, Any]

    @property
    def changes(self) -> pd.DataFrame:
        """Return each metric of each model then and now on the rows that both runs have.

        ``low`` and ``high`` are the ends of the change's 95 % interval, ``p`` is of as large a change, were there none;
        they are missing where they cannot be told. ``to_right`` and ``to_wrong`` are the rows that flipped.
        """
        import pandas as pd

        rows = [
            (name, key, *_values(change))
            for name, model in self.document["models"].items()
            for key, change in model["changes"].items()
        ]
        frame = pd.DataFrame(rows, columns=COLUMNS)
        return frame.astype(dict.fromkeys(COLUMNS[2:8], "float64") | dict.fromkeys(COLUMNS[8:10], "int64"))


def _values(change: Mapping[str, Any]) -> tuple[Any, ...]:
    low, high = change["interval"] or (None, None)
    ends = (change["then"], change["now"], change["change"], low, high, change["p"])
    return (*ends, change["to_right"], change["to_wrong"], change["sentence"])


def compare_runs(
    project: Project, variant: str, document: Mapping[str, Any], files: tuple[Path, Path], other: str
) -> RunComparison:
    """Compare the run of ``variant`` with the one that ``other`` names.

    :param document: the metadata of the run.
    :param files: its log and its metrics_per_model.csv.
    :param other: ``v700``, ``v700@revision`` or ``path/to/project:v700``.
    :raises F07Error: where there is no such run, or it is not as it was left.
    """
    log, metrics = files
    own = OwnDatasets(project, variant, document)
    models: Mapping[str, Mapping[str, Any]] = document["models"]
    baseline = read_named(project, other, variant, list(models), f"compare={other}")
    try:
        run = ComparedRun(
            RunLog(log, tuple(models), document["counts"]["rows"]),
            read_metrics(metrics),
            {name: {str(failure["code"]) for failure in model["failures"]} for name, model in models.items()},
            [own.open(name) for name in dict.fromkeys(own.owners.values())],
            own.records,
            dependent_rows(own.package),
            document.get("server", {}),
        )
        return _describe(try_compare(baseline, run))
    finally:
        remove_fetched({other: baseline})


def _describe(comparison: Comparison) -> RunComparison:
    document = json.loads(to_json(comparison.document()))  # as a reader of the file has it
    return RunComparison(tuple(comparison.summary), tuple(comparison.notes), document)
