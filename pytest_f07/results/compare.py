"""This run against an earlier one: what changed in each metric, and which predictions flipped.

Both logs are read in step, block by block, each from where a dataset begins in it; neither is ever in memory whole.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pytest_f07.errors import F07Error
from pytest_f07.log.reader import LogBlock, LogReader
from pytest_f07.results import metric_table
from pytest_f07.results.metric_table import METRICS, Counts
from pytest_f07.variant.documents import read_json
from pytest_f07.variant.missing import missing_variant
from pytest_f07.variant.paths import Project, check_variant
from pytest_f07.variant.wording import agreeing, counted

EXAMPLES = 5
BLOCK_ROWS = 262_144


@dataclass(frozen=True)
class Change:
    """One number then and now."""

    name: str
    then: float | int
    now: float | int

    @property
    def difference(self) -> float | int:
        """How much it grew."""
        return self.now - self.then


@dataclass(frozen=True)
class Flip:
    """A prediction that is another now."""

    dataset: str
    row: int
    window: str
    then: float
    now: float

    @property
    def size(self) -> float:
        """How far the score moved; 1 where one of both is no number."""
        return 1.0 if math.isnan(self.now - self.then) else abs(self.now - self.then)


@dataclass
class ModelChange:
    """What changed for one model.

    :param metrics: ratios, as precision; ``counts`` those of the confusion matrix and its neighbours.
    :param compared: predictions of the same row with the same window.
    :param flips: some of those that changed, the largest change of score first.
    """

    prediction_name: str
    metrics: list[Change]
    counts: list[Change]
    compared: int = 0
    to_1: int = 0
    to_0: int = 0
    flips: list[Flip] = field(default_factory=list)


@dataclass
class Comparison:
    """What changed since an earlier run.

    :param notes: what could not be compared, in sentences.
    """

    variant: str
    package: str
    timestamp: str
    models: list[ModelChange] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class BaselineRun:
    """A complete run of another variant.

    :param names: its models in the order of its log, and ``rows`` of each dataset, in that order too.
    :param metrics: the rows of its metrics_per_model.csv, by prediction_name.
    """

    variant: str
    package: str
    timestamp: str
    parquet: Path
    names: tuple[str, ...]
    rows: Mapping[str, int]
    metrics: Mapping[str, Mapping[str, str]]

    @classmethod
    def read(cls, project: Project, variant: str, names: Sequence[str]) -> BaselineRun:
        """The complete run of ``variant``.

        :param names: the models of the run that is to be compared with it.
        :raises F07Error: where it has none, or no model in common.
        """
        check_variant(variant, "--f07-compare")
        paths = project.variant(variant)
        if not paths.folder.is_dir():
            raise missing_variant(project, variant)
        for path in (paths.metadata, paths.metrics_csv, paths.predictions_parquet):
            if not path.is_file():
                raise F07Error(
                    f"--f07-compare={variant}: {project.show(path)}: no such file, so {variant} has no complete run to "
                    f"compare with. Run it first (make script7-run VARIANT={variant}), or bring it (dvc pull)."
                )
        where = project.show(paths.metadata)
        document = read_json(paths.metadata, where)
        with paths.metrics_csv.open(encoding="utf-8", newline="") as file:
            metrics = {row.get("prediction_name", ""): row for row in csv.DictReader(file)}
        models, counts = document.get("models"), document.get("counts")
        rows: Any = counts.get("rows") if isinstance(counts, dict) else None
        sound = isinstance(rows, dict) and all(isinstance(count, int) for count in rows.values())
        if not sound or not isinstance(models, dict) or set(models) != set(metrics):
            raise F07Error(
                f"--f07-compare={variant}: {where} and its metrics are not of one complete run; run it again."
            )
        if not set(models) & set(names):
            raise F07Error(
                f"--f07-compare={variant}: it validates none of these models, but {', '.join(models)}; "
                "name a variant of a package with the same models."
            )
        package, timestamp = str(document.get("parent_variant")), str(document.get("timestamp"))
        return cls(variant, package, timestamp, paths.predictions_parquet, tuple(models), rows, metrics)


def compare(
    earlier: BaselineRun, parquet: Path, names: Sequence[str], rows: Mapping[str, int],
    metrics: Mapping[str, Mapping[str, Any]],
) -> Comparison:  # fmt: skip
    """This run, its log at ``parquet``, against ``earlier``; models by name, rows by dataset and number.

    :param names: the models in the order of the log, and ``rows`` of each dataset in that order.
    :param metrics: the rows of metrics_per_model.csv, by prediction_name.
    """
    found = Comparison(earlier.variant, earlier.package, earlier.timestamp)
    both = [name for name in names if name in earlier.names]
    found.models = [_change(name, earlier.metrics[name], metrics[name]) for name in both]
    found.notes += [f"{name} was not in {earlier.variant}." for name in names if name not in both]
    found.notes += [f"{name} of {earlier.variant} is not there any more." for name in earlier.names if name not in both]
    then, now = _starts(earlier.rows), _starts(rows)
    for dataset, count in rows.items():
        before = earlier.rows.get(dataset)
        if before is None:
            found.notes.append(f"Dataset {dataset} was not in {earlier.variant}: its predictions are not compared.")
            continue
        common = min(count, before)
        if count != before:
            found.notes.append(
                f"Dataset {dataset} had {counted(before, 'row')} and has {count:,}: the first {common:,} are compared."
            )
        columns = ("window", "y_pred", "y_prob")
        with (
            LogReader(earlier.parquet, len(earlier.names), columns, then[dataset]) as then_log,
            LogReader(parquet, len(names), columns, now[dataset]) as now_log,
        ):
            other = _compare_rows(found.models, dataset, common, then_log, earlier.names, now_log, names)
        if other:
            hold = agreeing(other, "holds", "hold")
            found.notes.append(
                f"Dataset {dataset}: {other:,} of {counted(common, 'row')} {hold} another window than in "
                f"{earlier.variant}; their predictions are not compared."
            )
    return found


def try_compare(
    earlier: BaselineRun, parquet: Path, names: Sequence[str], rows: Mapping[str, int],
    metrics: Mapping[str, Mapping[str, Any]],
) -> Comparison:  # fmt: skip
    """The same; where the earlier log cannot be read any more, that is said, and breaks nothing."""
    try:
        return compare(earlier, parquet, names, rows, metrics)
    except (F07Error, OSError, pa.ArrowException) as error:
        note = f"{earlier.variant} cannot be compared: {' '.join(str(error).split())}."
        return Comparison(earlier.variant, earlier.package, earlier.timestamp, notes=[note])


def _compare_rows(
    models: Sequence[ModelChange], dataset: str, rows: int, then_log: LogReader, then_names: Sequence[str],
    now_log: LogReader, now_names: Sequence[str],
) -> int:  # fmt: skip
    """Count what flipped in a dataset; return how many rows hold another window."""
    other = 0
    for first, size in _blocks(rows, max(len(then_names), len(now_names))):
        then, now = then_log.take(size), now_log.take(size)
        windows = now.windows
        same = _same(then.windows, windows)
        other += int(np.count_nonzero(~same))
        for change in models:
            name = change.prediction_name
            _count(
                change, dataset, first, same, _scores(then, then_names.index(name)),
                _scores(now, now_names.index(name)), windows,
            )  # fmt: skip
    return other


def _scores(block: LogBlock, model: int) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    return block.y_pred[:, model], block.y_prob[:, model]


def _starts(rows: Mapping[str, int]) -> dict[str, int]:
    """Return the number of the first window of each dataset in its log."""
    return dict(zip(rows, accumulate(rows.values(), initial=0), strict=False))


def _blocks(rows: int, models: int) -> Iterator[tuple[int, int]]:
    step = max(1, BLOCK_ROWS // models)
    for first in range(0, rows, step):
        yield first, min(step, rows - first)


def _same(then: pa.Array, now: pa.Array) -> npt.NDArray[np.bool_]:
    if len(then) != len(now):
        raise F07Error("its log has fewer rows than its metadata says")
    same: npt.NDArray[np.bool_] = pc.equal(then, now).to_numpy(zero_copy_only=False)
    return same


def _change(name: str, then: Mapping[str, str], now: Mapping[str, Any]) -> ModelChange:
    """Compare the metrics of one model; those of then follow from its counts, for its version may have had fewer."""
    try:
        before = metric_table.values(
            Counts(**{key.lower(): int(then[key]) for key in ("TP", "TN", "FP", "FN")},
                   **{key: int(then[key]) for key in ("no_ref_pred_1", "no_ref_pred_0", "non_finite")})
        )  # fmt: skip
        changes = [(m, Change(m.key, before[m.key], now[m.key])) for m in METRICS if m.compared]
    except (KeyError, ValueError, TypeError):
        raise F07Error(f"its metrics of {name} cannot be read") from None
    ratios = [change for metric, change in changes if metric.limits]
    return ModelChange(name, ratios, [change for metric, change in changes if not metric.limits])


def _count(
    change: ModelChange, dataset: str, first: int, same: npt.NDArray[np.bool_],
    then: tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]],
    now: tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]], windows: pa.Array,
) -> None:  # fmt: skip
    (pred_then, prob_then), (pred_now, prob_now) = then, now
    change.compared += int(np.count_nonzero(same))
    flipped = np.flatnonzero(same & (pred_then != pred_now))
    ones = int(np.count_nonzero(pred_now[flipped]))
    change.to_1 += ones
    change.to_0 += len(flipped) - ones
    grown = np.nan_to_num(np.abs(prob_now[flipped] - prob_then[flipped]), nan=1.0)
    for at in flipped[np.argsort(-grown, kind="stable")[:EXAMPLES]].tolist():
        window = windows[at].as_py()
        shown = window if len(window) <= 120 else f"{window[:120]}…"
        change.flips.append(Flip(dataset, first + at, shown, float(prob_then[at]), float(prob_now[at])))
    change.flips.sort(key=lambda flip: flip.size, reverse=True)
    del change.flips[EXAMPLES:]
