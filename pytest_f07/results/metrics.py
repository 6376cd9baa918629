"""Confusion counts, metrics and no-reference counts of each model (specification §5), from log and labels.

Metrics come only from the labelled rows of a model's own dataset. What other datasets hold is counted by whether its
window, the same codes in the same order, stands among those rows.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pytest_f07.log.reader import LoggedRows
from pytest_f07.variant.dataset import BLOCK, UNLABELLED, X_COLUMN, Y_COLUMN, Dataset, labels_of
from pytest_f07.variant.package import Model
from pytest_f07.windows import windows_of

Int8Array = npt.NDArray[np.int8]
COLUMNS = (
    "prediction_name", "TP", "TN", "FP", "FN", "precision", "recall", "f1",
    "no_ref_pred_1", "no_ref_pred_0", "no_ref_total",
)  # fmt: skip


@dataclass
class Metrics:
    """The counts of one model; all that is derived follows from them.

    :param seen_elsewhere: emissions of other datasets whose window is among the labelled rows of the own dataset.
    :param no_ref: emissions without reference that were predicted 1 and 0, by dataset.
    """

    prediction_name: str
    tp: int = 0
    tn: int = 0
    fp: int = 0
    fn: int = 0
    no_ref_pred_1: int = 0
    no_ref_pred_0: int = 0
    seen_elsewhere: int = 0
    no_ref: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def referenced(self) -> int:
        """Labelled rows of the own dataset."""
        return self.tp + self.tn + self.fp + self.fn

    @property
    def precision(self) -> float:
        """TP / (TP + FP); 0.0 where nothing was predicted 1."""
        return _ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float:
        """TP / (TP + FN); 0.0 where nothing is labelled 1."""
        return _ratio(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> float:
        """The harmonic mean of both; 0.0 where both are."""
        return _ratio(2 * self.precision * self.recall, self.precision + self.recall)

    @property
    def base_rate(self) -> float:
        """The share of reference rows that are labelled 1; 0.0 where there are none."""
        return _ratio(self.tp + self.fn, self.referenced)

    @property
    def no_ref_total(self) -> int:
        """Emissions without reference."""
        return self.no_ref_pred_1 + self.no_ref_pred_0

    @property
    def emissions(self) -> int:
        """What the counts add up to; the books balance where it is what the log holds."""
        return self.referenced + self.no_ref_total + self.seen_elsewhere

    def row(self) -> dict[str, str | int | float]:
        """The columns of metrics_per_model.csv that the specification names."""
        values = (
            self.prediction_name, self.tp, self.tn, self.fp, self.fn, self.precision, self.recall, self.f1,
            self.no_ref_pred_1, self.no_ref_pred_0, self.no_ref_total,
        )  # fmt: skip
        return dict(zip(COLUMNS, values, strict=True))

    def count_own(self, labels: Int8Array, y_pred: Int8Array) -> None:
        """Count rows of the own dataset; an unlabelled one has no reference."""
        self.tp += int(np.sum((labels == 1) & (y_pred == 1)))
        self.tn += int(np.sum((labels == 0) & (y_pred == 0)))
        self.fp += int(np.sum((labels == 0) & (y_pred == 1)))
        self.fn += int(np.sum((labels == 1) & (y_pred == 0)))
        self._count_unreferenced(y_pred[labels == UNLABELLED])

    def count_other(self, known: npt.NDArray[np.bool_], y_pred: Int8Array) -> None:
        """Count rows of another dataset; ``known`` where the window is among the own dataset's labelled rows."""
        self.seen_elsewhere += int(known.sum())
        self._count_unreferenced(y_pred[~known])

    def note_no_ref(self, dataset: str) -> None:
        """Attribute to ``dataset`` all without reference that no other dataset has."""
        others = [counts for name, counts in self.no_ref.items() if name != dataset]
        ones, zeros = (sum(counts[which] for counts in others) for which in (0, 1))
        self.no_ref[dataset] = (self.no_ref_pred_1 - ones, self.no_ref_pred_0 - zeros)

    def _count_unreferenced(self, y_pred: Int8Array) -> None:
        self.no_ref_pred_1 += int(np.sum(y_pred == 1))
        self.no_ref_pred_0 += int(np.sum(y_pred == 0))


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def evaluate(parquet: Path, datasets: Sequence[Dataset], models: Sequence[Model]) -> dict[str, Metrics]:
    """The metrics of each model, by prediction_name in order.

    Memory holds the distinct labelled windows of one dataset at a time, and blocks.
    """
    found = {model.prediction_name: Metrics(model.prediction_name) for model in models}
    for own in datasets:
        owners = [
            (i, found[model.prediction_name]) for i, model in enumerate(models) if model.source_f04 == own.source_f04
        ]
        if not owners:
            continue
        known = _labelled_windows(own) if len(datasets) > 1 else None
        with LoggedRows(parquet, ["y_pred"]) as log:
            for dataset, windows, labels in _rows(datasets, own, known):
                y_pred = log.take(len(windows) * len(models))["y_pred"].to_numpy()
                where = None if dataset is own else pc.is_in(window_keys(windows), known).to_numpy(zero_copy_only=False)
                for index, metrics in owners:
                    mine = y_pred[index :: len(models)]
                    # A log that lost rows is shorter: the audit says so, and the books do not balance.
                    if where is None:
                        metrics.count_own(labels[: len(mine)], mine)
                    else:
                        metrics.count_other(where[: len(mine)], mine)
                    metrics.note_no_ref(dataset.source_f04)
    return found


def _rows(
    datasets: Sequence[Dataset], own: Dataset, known: pa.Array | None
) -> Iterator[tuple[Dataset, pa.Array, Int8Array]]:
    """All rows in blocks as large as the set they are looked up in, which is hashed anew for each block."""
    most = max(BLOCK, 0 if known is None else len(known))
    for dataset in datasets:
        columns = [X_COLUMN, Y_COLUMN] if dataset is own else [X_COLUMN]
        for block in dataset.blocks(columns, most):
            labels = labels_of(block.column(Y_COLUMN)) if dataset is own else np.zeros(0, np.int8)
            yield dataset, block.column(X_COLUMN), labels


def _labelled_windows(dataset: Dataset) -> pa.Array:
    """The distinct windows of the labelled rows, as keys."""
    known = pa.array([], pa.large_binary())
    fresh: list[pa.Array] = []
    for block in dataset.blocks([X_COLUMN, Y_COLUMN]):
        labelled = labels_of(block.column(Y_COLUMN)) != UNLABELLED
        fresh.append(window_keys(block.column(X_COLUMN)).filter(pa.array(labelled)))
        if sum(map(len, fresh)) > max(BLOCK, len(known)):
            known, fresh = pc.unique(pa.concat_arrays([known, *fresh])), []
    return pc.unique(pa.concat_arrays([known, *fresh]))


def window_keys(windows: pa.Array) -> pa.Array:
    """Each window's codes as bytes, so that equal keys are equal windows, whatever integer type a file has."""
    found = windows_of(windows)
    buffers = [
        None,
        pa.py_buffer(found.offsets * found.codes.itemsize),
        pa.py_buffer(np.ascontiguousarray(found.codes)),
    ]
    return pa.Array.from_buffers(pa.large_binary(), len(found), buffers)


def by_name(rows: Sequence[Mapping[str, object]]) -> dict[str, dict[str, object]]:
    """metrics.json: what the CSV says, by prediction_name, as ``dvc metrics`` reads it."""
    return {
        str(row["prediction_name"]): {key: value for key, value in row.items() if key != "prediction_name"}
        for row in rows
    }


def to_csv(rows: Sequence[Mapping[str, object]]) -> bytes:
    """metrics_per_model.csv: floats so that they read back exactly."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {key: repr(value) if isinstance(value, float) else value for key, value in row.items()} for row in rows
    )
    return text.getvalue().encode()
